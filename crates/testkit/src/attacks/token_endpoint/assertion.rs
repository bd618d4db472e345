//! Assertions that are well signed and say the wrong thing, or say it a second time.

use super::TokenExpected::Issued;
use super::case::{Desk, INVALID_CLIENT};
use super::request::Form;
use crate::attacks::kinds::Kind;
use crate::attacks::variants::variants_of_url;
use crate::forge::Members;
use serde_json::{Value, json};

pub(super) fn cases(desk: &mut Desk<'_>) {
    claims(desk);
    audience(desk);
    parties(desk);
    replays(desk);
    types(desk);
    cross_use(desk);
}

fn claims(desk: &mut Desk<'_>) {
    desk.section("assertion/claims", "RFC 7523 §3; RFC 10070");
    for claim in ["iss", "sub", "aud", "jti", "exp"] {
        // RFC 7523 leaves jti to the server.
        if claim == "jti" {
            desk.profile();
        }
        let title = format!("the claim {claim} is missing");
        desk.assertion(INVALID_CLIENT, format!("{claim}-missing"), title, move |stage| {
            stage.token().without_claim(claim).sign()
        });
        for (name, value) in [("null", Value::Null), ("true", json!(true)), ("object", json!({})), ("list", json!([]))]
        {
            let title = format!("the claim {claim} is {value}");
            desk.assertion(INVALID_CLIENT, format!("{claim}-{name}"), title, move |stage| {
                stage.token().claim(claim, value.clone()).sign()
            });
        }
        desk.profile();
        let title = format!("the claim {claim} stands there twice with the same value");
        desk.assertion(INVALID_CLIENT, format!("{claim}-twice"), title, move |stage| {
            let again = |claims: &mut Members| {
                let right = claims.text(claim).map(str::to_owned).unwrap_or_default();
                claims.append(claim, right);
            };
            stage.token().claims_with(again).sign()
        });
        desk.standard();
    }
    desk.profile();
    desk.assertion(INVALID_CLIENT, "jti-number", "jti is a number", |stage| stage.token().claim("jti", 1).sign());
    desk.assertion(INVALID_CLIENT, "jti-empty", "jti is an empty text", |stage| stage.token().claim("jti", "").sign());
    desk.assertion(INVALID_CLIENT, "jti-too-long", "jti has 257 characters", |stage| {
        stage.token().claim("jti", "j".repeat(257)).sign()
    });
    desk.standard();
    desk.assertion(INVALID_CLIENT, "not-json", "the payload is not JSON", |stage| stage.token().sign_payload("iss=x"));
    desk.assertion(INVALID_CLIENT, "payload-array", "the payload is a list", |stage| {
        let token = stage.token();
        token.sign_payload(format!("[{}]", token.claims_json()))
    });
    desk.section("assertion/claims", "RFC 7519 §4 (unknown claims are ignored)");
    desk.assertion(Issued, "unknown-claim", "there is an unknown claim", |stage| {
        stage.token().claim("x", json!({"y": 1})).sign()
    });
    desk.assertion(Issued, "claims-reversed", "the claims are in another order", |stage| {
        stage.token().claims_with(Members::reverse).sign()
    });
    desk.assertion(Issued, "without-iat", "there is no iat", |stage| stage.token().without_claim("iat").sign());
}

/// An assertion for another place is a way to make that place act as the client here.
fn audience(desk: &mut Desk<'_>) {
    desk.section("assertion/aud", "RFC 10070; RFC 7523 §3 item 3");
    let issuer = desk.policy().issuer.clone();
    for (name, title, value) in variants_of_url(&issuer) {
        desk.assertion(INVALID_CLIENT, name, format!("aud is the issuer {title}"), move |stage| {
            stage.token().claim("aud", value.clone()).sign()
        });
    }
    for (name, title, value) in [
        ("token-endpoint", "the address of the token endpoint", json!(format!("{issuer}/token"))),
        ("another-issuer", "another issuer", json!("https://issuer.elsewhere.example")),
        ("client", "the client itself", json!(desk.policy().client)),
        ("resource", "the API that is asked for", json!(desk.policy().audience)),
        ("empty", "an empty text", json!("")),
        ("list-of-two", "a list of the issuer and another", json!([issuer, "https://issuer.elsewhere.example"])),
        (
            "list-with-endpoint",
            "a list of the issuer and the token endpoint",
            json!([issuer, format!("{issuer}/token")]),
        ),
        ("list-twice", "a list with the issuer twice", json!([issuer, issuer])),
        ("list-nested", "a list in a list", json!([[issuer]])),
    ] {
        desk.assertion(INVALID_CLIENT, name, format!("aud is {title}"), move |stage| {
            stage.token().claim("aud", value.clone()).sign()
        });
    }
    desk.assertion(Issued, "list-of-one", "aud is a list with the issuer alone", |stage| {
        stage.token().claim("aud", json!([stage.policy().issuer])).sign()
    });
}

fn parties(desk: &mut Desk<'_>) {
    desk.section("assertion/client", "RFC 7523 §3 items 1 and 2; RFC 7521 §4.2");
    for claim in ["iss", "sub"] {
        let title = format!("{claim} alone names the other registered client");
        desk.assertion(INVALID_CLIENT, format!("{claim}-other-client"), title, move |stage| {
            let other = stage.policy().limited_client.clone().unwrap_or_else(|| "another".to_owned());
            stage.token().claim(claim, other).sign()
        });
    }
    desk.assertion(INVALID_CLIENT, "unknown", "iss and sub name a client that is not registered", |stage| {
        stage.token_of(&stage.policy().issuer, "unknown-client", stage.key()).sign()
    });
    desk.assertion(INVALID_CLIENT, "capitals", "iss and sub are the client in capitals", |stage| {
        stage.token_of(&stage.policy().issuer, &stage.policy().client.to_uppercase(), stage.key()).sign()
    });
    desk.assertion(
        INVALID_CLIENT,
        "other-client-own-key",
        "iss and sub name the other client, whose key this is not",
        |stage| {
            let other = stage.policy().limited_client.clone().unwrap_or_else(|| "another".to_owned());
            stage.token_of(&stage.policy().issuer, &other, stage.key()).sign()
        },
    );
    desk.request(INVALID_CLIENT, "client-id-differs", "client_id names the other registered client", |stage| {
        let other = stage.policy().limited_client.clone().unwrap_or_else(|| "another".to_owned());
        Form::valid(stage).also("client_id", other)
    });
    desk.request(Issued, "client-id-same", "client_id names the client of the assertion", |stage| {
        Form::valid(stage).also("client_id", stage.policy().client.clone())
    });
}

fn replays(desk: &mut Desk<'_>) {
    desk.section("assertion/replay", "RFC 7523 §3 item 7; RFC 9700 §2.5");
    desk.requests(INVALID_CLIENT, "same", "the same request comes a second time", |stage| {
        let request = Form::valid(stage);
        vec![request.clone().into(), request.into()]
    });
    desk.requests(INVALID_CLIENT, "other-form", "the assertion comes a second time, with another scope", |stage| {
        let request = Form::valid(stage);
        vec![request.clone().into(), request.set("scope", stage.policy().scopes.join(" ")).into()]
    });
    desk.requests(INVALID_CLIENT, "signed-again", "another assertion with the same jti is signed", |stage| {
        let again = stage.token().claim("exp", stage.now() + 50).sign();
        vec![Form::valid(stage).into(), Form::with(stage, again).into()]
    });
    desk.requests(Issued, "another-jti", "a second assertion with another jti follows", |stage| {
        let again = stage.token().claim("jti", stage.jti() + "-2").sign();
        vec![Form::valid(stage).into(), Form::with(stage, again).into()]
    });
}

fn types(desk: &mut Desk<'_>) {
    desk.section("assertion/typ", "RFC 10070; RFC 8725 §3.11");
    desk.profile();
    for (name, typ) in [
        ("at-jwt", "at+jwt"),
        ("dpop", "dpop+jwt"),
        ("secevent", "secevent+jwt"),
        ("statuslist", "statuslist+jwt"),
        ("empty", ""),
        ("jose", "JOSE"),
        ("trailing-space", "client-authentication+jwt "),
        ("longer", "client-authentication+jwt2"),
    ] {
        let title = format!("typ is {typ:?}; all else is an assertion");
        desk.assertion(INVALID_CLIENT, name, title, move |stage| stage.token().header("typ", typ).sign());
    }
    for (name, value) in [("null", Value::Null), ("number", json!(1))] {
        let title = format!("typ is {value}");
        desk.assertion(INVALID_CLIENT, name, title, move |stage| stage.token().header("typ", value.clone()).sign());
    }
    desk.standard();
    for (name, typ) in
        [("upper-case", "CLIENT-AUTHENTICATION+JWT"), ("application", "application/client-authentication+jwt")]
    {
        let title = format!("typ is {typ}");
        desk.assertion(Issued, name, title, move |stage| stage.token().header("typ", typ).sign());
    }
    desk.section("assertion/typ", "RFC 7523 §3 (clients older than RFC 10070)");
    desk.assertion(Issued, "absent", "there is no typ", |stage| stage.token().without_header("typ").sign());
    desk.assertion(Issued, "jwt", "typ is JWT", |stage| stage.token().header("typ", "JWT").sign());
}

/// Only the assertion passes as an assertion.
fn cross_use(desk: &mut Desk<'_>) {
    desk.section("assertion/cross-use", "RFC 8725 §3.11, §3.12");
    for kind in Kind::ALL {
        let expected = if kind == Kind::ClientAssertion { Issued } else { INVALID_CLIENT };
        let title = format!("{} is presented as a client assertion", kind.title());
        desk.assertion(expected, kind.name(), title, move |stage| kind.forge(stage).sign());
    }
}
