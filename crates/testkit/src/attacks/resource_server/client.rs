//! Clients that this issuer may not send, and tokens bound to a key that nobody shows.

use crate::attacks::Code::{ClaimsMalformed, ClientNotAllowed, IssuerUnknown, KeyUnknown, SenderConstraintUnmet};
use crate::attacks::table::Table;
use serde_json::{Value, json};

pub(super) fn cases(table: &mut Table<'_>) {
    names(table);
    foreign(table);
    bound(table);
}

fn names(table: &mut Table<'_>) {
    table.section("client", "RFC 9068 §2.2, §5");
    table.profile("RFC 9068 §2.2: with client credentials sub is the client");
    table.deny(ClaimsMalformed, "sub-differs", "sub is another client than client_id", |stage| {
        stage.token().claim("sub", "another-client").sign()
    });
    table.deny(ClaimsMalformed, "client-id-differs", "client_id is another client than sub", |stage| {
        stage.token().claim("client_id", "another-client").sign()
    });
    table.deny(ClaimsMalformed, "sub-longer", "sub is client_id and one character more", |stage| {
        stage.token().claim("sub", format!("{}x", stage.policy().client)).sign()
    });
    if table.policy().client.to_uppercase() != table.policy().client {
        table.deny(ClaimsMalformed, "sub-capitals", "sub is client_id in capitals", |stage| {
            stage.token().claim("sub", stage.policy().client.to_uppercase()).sign()
        });
    }
    table.profile("Bridge profile: the principal is (iss, client_id)");
    let client = &table.policy().client;
    let cases = [
        ("unknown", "unknown-client".to_owned()),
        ("capitals", client.to_uppercase()),
        ("prefix", client[..client.len() - 1].to_owned()),
        ("suffix", format!("{client}2")),
        ("qualified", format!("{}#{client}", table.policy().issuer)),
        ("wildcard", "*".to_owned()),
        ("admin", "admin".to_owned()),
        ("prototype", "__proto__".to_owned()),
    ];
    for (name, other) in cases.into_iter().filter(|(_, other)| other != client) {
        let title = format!("the issuer's policy does not name the client {other:?}");
        table.deny(ClientNotAllowed, name, title, move |stage| {
            stage.token_of(&stage.policy().issuer, &other, stage.key()).sign()
        });
    }
}

/// Names of one issuer mean nothing at another.
fn foreign(table: &mut Table<'_>) {
    let Some(foreign) = table.policy().foreign.clone() else {
        table.clause("RFC 9068 §4");
        table.deny(
            IssuerUnknown,
            "of-untrusted-issuer",
            "an issuer that nobody trusts signed for a known client",
            |stage| stage.token_of("https://elsewhere.example", &stage.policy().client, &stage.ring().foreign).sign(),
        );
        return;
    };
    let name = foreign.client.clone();
    table.deny(ClientNotAllowed, "of-other-issuer", "the client belongs to another trusted issuer", move |stage| {
        stage.token_of(&stage.policy().issuer, &name, stage.key()).sign()
    });
    let issuer = foreign.issuer.clone();
    table.deny(
        ClientNotAllowed,
        "at-other-issuer",
        "another trusted issuer signed for this issuer's client",
        move |stage| stage.token_of(&issuer, &stage.policy().client, &stage.ring().foreign).sign(),
    );
    let issuer = foreign.issuer.clone();
    table.clause("RFC 9068 §4");
    table.deny(KeyUnknown, "other-issuer-rogue", "a rogue key signed for the other trusted issuer", move |stage| {
        stage.token_of(&issuer, "x", &stage.ring().rogue).sign()
    });
    table.allow("other-issuer-own-client", "another trusted issuer signed for its own client", move |stage| {
        stage.token_of(&foreign.issuer, &foreign.client, &stage.ring().foreign).sign()
    });
}

fn bound(table: &mut Table<'_>) {
    table.profile("RFC 7800 §3.1; RFC 9449 §6, §7.1; RFC 8705 §3");
    for (name, cnf) in [
        ("cnf-jkt", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})),
        ("cnf-x5t", json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})),
        ("cnf-unknown", json!({"unknown": 1})),
        ("cnf-empty", json!({})),
        ("cnf-null", Value::Null),
    ] {
        let title = format!("the token is bound ({name}), and no proof comes with it");
        table.deny(SenderConstraintUnmet, name, title, move |stage| stage.token().claim("cnf", cnf.clone()).sign());
    }
}
