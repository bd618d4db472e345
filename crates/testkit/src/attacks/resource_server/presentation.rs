//! Valid tokens that are presented in a way that the profile does not accept, and ways that it must accept.

use crate::attacks::Code::{RequestInvalid, TokenMalformed, TokenMissing};
use crate::attacks::table::Table;
use crate::attacks::{Body, Request};

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn cases(table: &mut Table<'_>) {
    missing(table);
    several(table);
    elsewhere(table);
    not_a_token(table);
    accepted(table);
}

/// One `Authorization` header; the valid token stands where `TOKEN` is.
fn header(value: &str, token: &str) -> Request {
    Request::with_headers([("Authorization", value.replace("TOKEN", token))])
}

fn missing(table: &mut Table<'_>) {
    table.section("presentation", "RFC 6750 §3, §3.1");
    table.deny(TokenMissing, "nothing", "the request has no credentials", |_| Request::default());
    for (name, value) in [
        ("basic", "Basic dXNlcjpwYXNzd29yZA=="),
        ("digest", "Digest username=\"u\""),
        ("dpop", "DPoP TOKEN"),
        ("token-scheme", "Token TOKEN"),
        ("jwt-scheme", "JWT TOKEN"),
        ("longer-scheme", "Bearers TOKEN"),
    ] {
        let title = format!("the scheme is not Bearer but {}", value.split(' ').next().unwrap_or_default());
        table.deny(TokenMissing, name, title, move |stage| header(value, &stage.token().sign()));
    }
    for (name, field) in [
        ("proxy-authorization", "Proxy-Authorization"),
        ("x-authorization", "X-Authorization"),
        ("x-forwarded", "X-Forwarded-Authorization"),
    ] {
        let title = format!("the token stands in {field}");
        table.deny(TokenMissing, name, title, move |stage| {
            Request::with_headers([(field, format!("Bearer {}", stage.token().sign()))])
        });
    }
    table.deny(TokenMissing, "cookie", "the token stands in a cookie", |stage| {
        Request::with_headers([("Cookie", format!("access_token={}", stage.token().sign()))])
    });
}

fn several(table: &mut Table<'_>) {
    table.section("presentation", "RFC 9110 §11.6.2; RFC 6750 §3.1");
    for (name, title, values) in [
        ("two-headers-same", "the header stands there twice with the same token", ["Bearer TOKEN", "Bearer TOKEN"]),
        ("two-headers-bad-first", "a header with a broken token stands in front", ["Bearer broken", "Bearer TOKEN"]),
        ("two-headers-bad-last", "a header with a broken token follows", ["Bearer TOKEN", "Bearer broken"]),
        ("basic-first", "a header with Basic stands in front", ["Basic dXNlcjpwYXNzd29yZA==", "Bearer TOKEN"]),
        ("basic-last", "a header with Basic follows", ["Bearer TOKEN", "Basic dXNlcjpwYXNzd29yZA=="]),
        ("empty-first", "an empty header stands in front", ["", "Bearer TOKEN"]),
    ] {
        table.deny(RequestInvalid, name, title, move |stage| {
            let token = stage.token().sign();
            Request::with_headers(values.map(|value| ("Authorization", value.replace("TOKEN", &token))))
        });
    }
    for (name, value) in [
        ("joined-bearer", "Bearer TOKEN, Bearer TOKEN"),
        ("joined-basic", "Bearer TOKEN, Basic dXNlcjpwYXNzd29yZA=="),
        ("trailing-comma", "Bearer TOKEN,"),
        ("trailing-word", "Bearer TOKEN extra"),
        ("trailing-parameter", "Bearer TOKEN realm=\"x\""),
        ("quoted", "Bearer \"TOKEN\""),
        ("named", "Bearer token=TOKEN"),
        ("scheme-twice", "Bearer Bearer TOKEN"),
    ] {
        let title = format!("the header is {value:?}");
        table.deny(RequestInvalid, name, title, move |stage| header(value, &stage.token().sign()));
    }
}

fn elsewhere(table: &mut Table<'_>) {
    table.section("presentation", "RFC 6750 §2, §2.2, §2.3, §3.1; RFC 9700 §4.3.2");
    table.deny(RequestInvalid, "query", "the token stands in the query alone", |stage| Request {
        query: Some(format!("access_token={}", stage.token().sign())),
        ..Request::default()
    });
    table.deny(RequestInvalid, "query-and-header", "the token stands in the header and in the query", |stage| {
        let token = stage.token().sign();
        Request { query: Some(format!("access_token={token}")), ..Request::from(token) }
    });
    table.deny(RequestInvalid, "query-escaped", "the parameter's name is percent-encoded in the query", |stage| {
        let token = stage.token().sign();
        Request { query: Some(format!("access%5Ftoken={token}")), ..Request::from(token) }
    });
    table.profile("RFC 6750 §2.2, §3.1");
    // The form method is not supported, and a request by an unsupported method has no credentials (RFC 6750 §3.1).
    table.deny(TokenMissing, "body", "the token stands in a form body alone", |stage| {
        let text = format!("access_token={}", stage.token().sign());
        Request { body: Some(Body { content_type: FORM.to_owned(), text }), ..Request::default() }
    });
}

fn not_a_token(table: &mut Table<'_>) {
    table.section("presentation", "RFC 6750 §2.1, §3.1");
    for (name, title, value) in [
        ("scheme-alone", "nothing follows the scheme", "Bearer"),
        ("padding-alone", "the token is padding and nothing else", "Bearer =="),
        ("colon", "the token has a colon", "Bearer a:b"),
    ] {
        table.deny(RequestInvalid, name, title, move |stage| header(value, &stage.token().sign()));
    }
    for (name, value) in [("opaque", "Bearer mF_9.B5f-4.1JqM"), ("word", "Bearer undefined"), ("number", "Bearer 0")] {
        table.deny(TokenMalformed, name, format!("the header is {value:?}"), move |stage| {
            header(value, &stage.token().sign())
        });
    }
}

fn accepted(table: &mut Table<'_>) {
    table.section("presentation", "RFC 9110 §11.1, §5.5; RFC 6750 §2.1");
    for (name, title, value) in [
        ("lower-case", "the scheme is in small letters", "bearer TOKEN"),
        ("upper-case", "the scheme is in capitals", "BEARER TOKEN"),
        ("mixed-case", "the scheme is in mixed letters", "bEaReR TOKEN"),
        ("two-spaces", "two spaces stand before the token", "Bearer  TOKEN"),
    ] {
        table.allow(name, title, move |stage| header(value, &stage.token().sign()));
    }
    table.allow("other-headers", "a cookie and a proxy's credentials come along", |stage| {
        let token = stage.token().sign();
        let others = [("Cookie", "a=b".to_owned()), ("Proxy-Authorization", "Basic dTpw".to_owned())];
        Request { bearer: Some(token), ..Request::with_headers(others) }
    });
}
