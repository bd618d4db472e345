//! Tokens for another API, and audiences that look like the right one.

use crate::attacks::Code::{AudienceMismatch, ClaimsMalformed};
use crate::attacks::table::Table;
use crate::attacks::variants::{is_base_url, variants_of_url};
use serde_json::{Value, json};

type Listing = fn(&str) -> Value;

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("aud", "RFC 9068 §4; RFC 7519 §4.1.3");
    let audience = &table.policy().audience;
    let others = ["https://api.elsewhere.example", "https://issuer.elsewhere.example/api"].map(str::to_owned);
    let others =
        others.into_iter().zip(["another-api", "another-path"]).map(|(value, name)| (name, "of another API", value));
    for (name, title, value) in variants_of_url(audience).into_iter().chain(others) {
        // What is no URL of the profile is malformed; a sound one is merely another's.
        let code = if is_base_url(&value) { AudienceMismatch } else { ClaimsMalformed };
        table.deny(code, name, format!("aud is the right one {title}"), move |stage| {
            stage.token().claim("aud", value.clone()).sign()
        });
    }
    table.deny(AudienceMismatch, "issuer", "aud is the issuer itself, as in a client assertion", |stage| {
        stage.token().claim("aud", stage.policy().issuer.as_str()).sign()
    });
    table.deny(ClaimsMalformed, "client", "aud is the client, as in an ID token", |stage| {
        stage.token().claim("aud", stage.policy().client.as_str()).sign()
    });
    for (name, value) in [("empty", ""), ("wildcard", "*"), ("text", "api"), ("urn", "urn:api")] {
        let title = format!("aud is {value:?}");
        table.deny(ClaimsMalformed, name, title, move |stage| stage.token().claim("aud", value).sign());
    }
    lists(table);
}

/// The profile has one audience, as a text: a token for several could be replayed by each at the others.
fn lists(table: &mut Table<'_>) {
    table.profile("Bridge profile: one audience as a text; RFC 9068 §2.2");
    let rows: [(&str, &str, Listing); 4] = [
        ("list-with-another", "aud is a list with the right one and another", |aud| {
            json!([aud, "https://other.example"])
        }),
        ("list-with-another-first", "aud is a list with another one and the right one", |aud| {
            json!(["https://other.example", aud])
        }),
        ("list-nested", "aud is a list in a list", |aud| json!([[aud]])),
        ("list-of-object", "aud is a list with an object", |aud| json!([{"value": aud}])),
    ];
    for (name, title, value) in rows {
        table.deny(ClaimsMalformed, name, title, move |stage| {
            stage.token().claim("aud", value(&stage.policy().audience)).sign()
        });
    }
    table.deny(ClaimsMalformed, "joined", "aud is the right one and another, joined by a space", |stage| {
        stage.token().claim("aud", format!("{} https://other.example", stage.policy().audience)).sign()
    });
}
