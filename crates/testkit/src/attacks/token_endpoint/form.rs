//! Requests whose assertion is good and whose form, method or credentials are not.

use super::TokenExpected::{Issued, Refused};
use super::TokenRequest;
use super::case::{Desk, INVALID_CLIENT, INVALID_REQUEST, UNSUPPORTED_GRANT};
use super::request::{FORM, Form, JWT_BEARER, encode};

pub(super) fn cases(desk: &mut Desk<'_>) {
    accepted(desk);
    repeated(desk);
    grant_types(desk);
    credentials(desk);
    places(desk);
    encodings(desk);
    content_types(desk);
    content_codings(desk);
    methods_and_sizes(desk);
}

fn accepted(desk: &mut Desk<'_>) {
    desk.section("form", "RFC 6749 §3.2, §4.4.2, appendix B");
    desk.request(Issued, "plain", "a valid request", Form::valid);
    desk.request(Issued, "reversed", "the parameters are in another order", |stage| Form::valid(stage).reversed());
    desk.request(Issued, "unknown-parameter", "there is an unknown parameter", |stage| {
        Form::valid(stage).also("x", "1")
    });
    desk.request(Issued, "empty-parameters", "parameters without a value count as absent", |stage| {
        Form::valid(stage).also("client_secret", "").also("client_id", "")
    });
    desk.request(Issued, "percent-encoded", "every character is percent-encoded", |stage| {
        let all = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        let form = Form::valid(stage);
        let pairs = ["grant_type", "client_assertion_type", "client_assertion", "resource", "scope"];
        TokenRequest::post(pairs.map(|name| format!("{}={}", all(name), all(&form.value(name)))).join("&"))
    });
    desk.request(Issued, "several-scopes", "all registered scopes are asked for", |stage| {
        Form::valid(stage).set("scope", stage.policy().scopes.join(" "))
    });
}

fn repeated(desk: &mut Desk<'_>) {
    desk.section("form", "RFC 6749 §3.2 (parameters MUST NOT be included more than once)");
    for name in ["grant_type", "client_assertion_type", "client_assertion", "scope", "x"] {
        let title = format!("{name} stands there twice with the same value");
        desk.request(INVALID_REQUEST, format!("{}-twice", name.replace('_', "-")), title, move |stage| {
            let form = Form::valid(stage).set("x", "1");
            let again = form.value(name);
            form.also(name, again)
        });
    }
    desk.request(INVALID_REQUEST, "scope-twice-other", "scope stands there twice with another value", |stage| {
        Form::valid(stage).also("scope", "admin")
    });
    desk.request(INVALID_REQUEST, "scope-twice-encoded", "a second scope has a percent-encoded name", |stage| {
        TokenRequest::post(Form::valid(stage).text() + "&%73cope=admin")
    });
    desk.request(INVALID_REQUEST, "client-id-twice", "client_id stands there twice", |stage| {
        let client = stage.policy().client.clone();
        Form::valid(stage).also("client_id", client.clone()).also("client_id", client)
    });
}

fn grant_types(desk: &mut Desk<'_>) {
    desk.section("grant", "RFC 6749 §4.4.2, §5.2");
    desk.request(INVALID_REQUEST, "missing", "grant_type is missing", |stage| Form::valid(stage).without("grant_type"));
    desk.request(INVALID_REQUEST, "empty", "grant_type is empty", |stage| Form::valid(stage).set("grant_type", ""));
    for (name, grant) in [
        ("password", "password"),
        ("authorization-code", "authorization_code"),
        ("refresh-token", "refresh_token"),
        ("implicit", "token"),
        ("jwt-bearer", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("token-exchange", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("capitals", "CLIENT_CREDENTIALS"),
        ("space", "client_credentials "),
    ] {
        desk.request(UNSUPPORTED_GRANT, name, format!("grant_type is {grant:?}"), move |stage| {
            Form::valid(stage).set("grant_type", grant)
        });
    }
}

fn credentials(desk: &mut Desk<'_>) {
    desk.section("credentials", "RFC 6749 §2.3, §5.2; RFC 7521 §4.2");
    desk.request(INVALID_CLIENT, "none", "there are no credentials", |stage| {
        Form::valid(stage).without("client_assertion").without("client_assertion_type")
    });
    desk.request(INVALID_CLIENT, "client-id-alone", "there is a client_id and no credential", |stage| {
        let form = Form::valid(stage).without("client_assertion").without("client_assertion_type");
        form.also("client_id", stage.policy().client.clone())
    });
    desk.request(INVALID_CLIENT, "secret-alone", "there is a client_secret in place of the assertion", |stage| {
        let form = Form::valid(stage).without("client_assertion").without("client_assertion_type");
        form.also("client_id", stage.policy().client.clone()).also("client_secret", "guessed-secret")
    });
    desk.request(INVALID_CLIENT, "basic-alone", "there is a Basic header in place of the assertion", |stage| {
        let form = Form::valid(stage).without("client_assertion").without("client_assertion_type");
        TokenRequest::from(form).header("Authorization", "Basic Z3Vlc3NlZDpzZWNyZXQtMTIz")
    });
    desk.request(INVALID_REQUEST, "assertion-and-secret", "a client_secret comes with the assertion", |stage| {
        Form::valid(stage).also("client_secret", "guessed-secret")
    });
    desk.request(INVALID_REQUEST, "assertion-and-basic", "a Basic header comes with the assertion", |stage| {
        TokenRequest::from(Form::valid(stage)).header("Authorization", "Basic Z3Vlc3NlZDpzZWNyZXQtMTIz")
    });
    desk.request(INVALID_REQUEST, "assertion-and-bearer", "a Bearer header comes with the assertion", |stage| {
        TokenRequest::from(Form::valid(stage)).header("Authorization", "Bearer mF_9.B5f-4.1JqM")
    });
    desk.request(INVALID_REQUEST, "type-missing", "client_assertion_type is missing", |stage| {
        Form::valid(stage).without("client_assertion_type")
    });
    desk.request(
        INVALID_REQUEST,
        "assertion-missing",
        "client_assertion_type is there without an assertion",
        |stage| Form::valid(stage).without("client_assertion"),
    );
    for (name, value) in [
        ("type-saml", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer".to_owned()),
        ("type-capitals", JWT_BEARER.to_uppercase()),
        ("type-unknown", "jwt-bearer".to_owned()),
    ] {
        desk.request(INVALID_CLIENT, name, format!("client_assertion_type is {value}"), move |stage| {
            Form::valid(stage).set("client_assertion_type", value.clone())
        });
    }
    desk.profile();
    desk.request(INVALID_CLIENT, "assertion-too-large", "the assertion is larger than 8 KiB", |stage| {
        Form::with(stage, stage.token().claim("x", "x".repeat(8192)).sign())
    });
}

fn places(desk: &mut Desk<'_>) {
    desk.section("place", "RFC 6749 §2.3.1, §3.2");
    desk.request(INVALID_REQUEST, "all-in-query", "every parameter stands in the query", |stage| TokenRequest {
        query: Some(Form::valid(stage).text()),
        ..TokenRequest::post("")
    });
    desk.request(INVALID_REQUEST, "assertion-in-query", "the assertion stands in the query", |stage| {
        let form = Form::valid(stage);
        let query = Some(format!("client_assertion={}", encode(&form.value("client_assertion"))));
        TokenRequest { query, ..TokenRequest::from(form.without("client_assertion")) }
    });
    desk.request(INVALID_REQUEST, "scope-in-query", "a second scope stands in the query", |stage| TokenRequest {
        query: Some("scope=admin".to_owned()),
        ..TokenRequest::from(Form::valid(stage))
    });
    desk.request(INVALID_REQUEST, "empty-body", "there is no body", |_| TokenRequest::post(""));
}

fn encodings(desk: &mut Desk<'_>) {
    desk.section("encoding", "RFC 6749 appendix B");
    for (name, title, tail) in [
        ("percent-alone", "a percent sign stands alone", "&x=%"),
        ("percent-half", "a percent sign has one digit", "&x=%4"),
        ("percent-letters", "a percent sign has letters behind it", "&x=%zz"),
        ("not-utf-8", "a value is not UTF-8", "&x=%ff%fe"),
        ("overlong", "a value is overlong UTF-8", "&x=%c0%af"),
    ] {
        desk.request(INVALID_REQUEST, name, title, move |stage| TokenRequest::post(Form::valid(stage).text() + tail));
    }
    // The whole body is then the value of its first parameter.
    desk.request(UNSUPPORTED_GRANT, "semicolons", "semicolons stand for ampersands", |stage| {
        TokenRequest::post(Form::valid(stage).text().replace('&', ";"))
    });
    desk.profile();
    desk.request(INVALID_REQUEST, "many-parameters", "there are 1,000 parameters", |stage| {
        (0..1000).fold(Form::valid(stage), |form, n| form.also(&format!("p{n}"), "1"))
    });
}

fn content_types(desk: &mut Desk<'_>) {
    desk.section("content-type", "RFC 6749 §4.4.2, appendix B");
    desk.profile();
    for (name, value) in [
        ("json", "application/json"),
        ("text", "text/plain"),
        ("multipart", "multipart/form-data; boundary=x"),
        ("other-charset", "application/x-www-form-urlencoded; charset=utf-16"),
        ("longer", "application/x-www-form-urlencoded2"),
        ("list", "application/x-www-form-urlencoded, application/json"),
    ] {
        desk.request(INVALID_REQUEST, name, format!("the content type is {value}"), move |stage| {
            TokenRequest::from(Form::valid(stage)).content_type(Some(value))
        });
    }
    desk.request(INVALID_REQUEST, "absent", "there is no content type", |stage| {
        TokenRequest::from(Form::valid(stage)).content_type(None)
    });
    desk.request(INVALID_REQUEST, "twice", "there are two content types", |stage| {
        TokenRequest::from(Form::valid(stage)).header("Content-Type", "application/json")
    });
    desk.request(INVALID_REQUEST, "json-body", "the parameters are a JSON object", |stage| {
        let form = Form::valid(stage);
        let names = ["grant_type", "client_assertion_type", "client_assertion", "resource", "scope"];
        let members = names.map(|name| format!("\"{name}\":\"{}\"", form.value(name))).join(",");
        TokenRequest::post(format!("{{{members}}}")).content_type(Some("application/json"))
    });
    desk.standard();
    for (name, value) in [
        ("utf-8", format!("{FORM}; charset=UTF-8")),
        ("quoted-utf-8", format!("{FORM};charset=\"utf-8\"")),
        ("upper-case", FORM.to_uppercase()),
    ] {
        desk.request(Issued, name, format!("the content type is {value}"), move |stage| {
            TokenRequest::from(Form::valid(stage)).content_type(Some(&value))
        });
    }
}

/// Nothing is unpacked, and what somebody in front unpacks must not be another form.
fn content_codings(desk: &mut Desk<'_>) {
    desk.section("content-type", "RFC 9110 §8.4, §15.5.16");
    desk.profile();
    for (name, coding) in [("coded-gzip", "gzip"), ("coded-br", "br"), ("coded-twice", "identity, gzip")] {
        let title = format!("the form is plain and said to be coded: {coding}");
        desk.request(INVALID_REQUEST, name, title, move |stage| {
            TokenRequest::from(Form::valid(stage)).header("Content-Encoding", coding)
        });
    }
    desk.standard();
    desk.request(Issued, "identity", "the form is plain and said to be", |stage| {
        TokenRequest::from(Form::valid(stage)).header("Content-Encoding", "identity")
    });
}

fn methods_and_sizes(desk: &mut Desk<'_>) {
    desk.section("method", "RFC 6749 §3.2 (the client MUST use POST)");
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let title = format!("the method is {method}");
        desk.request(Refused { error: "", status: 405 }, method.to_lowercase(), title, move |stage| TokenRequest {
            method,
            ..TokenRequest::from(Form::valid(stage))
        });
    }
    desk.section("size", "RFC 9110 §15.5.14; local limit of 64 KiB");
    desk.profile();
    let too_large = Refused { error: "invalid_request", status: 413 };
    desk.request(too_large, "oversized", "the body is larger than 64 KiB", |stage| {
        Form::valid(stage).also("x", "x".repeat(64 * 1024))
    });
    desk.request(too_large, "oversized-assertion", "the assertion alone is larger than 64 KiB", |stage| {
        Form::with(stage, stage.token().header("kid", "k".repeat(64 * 1024)).sign())
    });
}
