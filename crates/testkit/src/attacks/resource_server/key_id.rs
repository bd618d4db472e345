//! `kid` that names no key of this issuer, or is a weapon against whoever looks it up.

use crate::attacks::Code::{KeyAlgorithmMismatch, KeyUnknown, TokenMalformed, TokenTooLarge};
use crate::attacks::table::Table;
use bridge_jose::Algorithm;
use serde_json::{Value, json};

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("kid", "RFC 7515 §4.1.4; RFC 9068 §4");
    other_keys(table);
    weapons(table);
    malformed(table);
}

fn other_keys(table: &mut Table<'_>) {
    table.deny(KeyUnknown, "rogue", "a key that nobody published signed under its own kid", |stage| {
        stage.token_of(&stage.policy().issuer, &stage.policy().client, &stage.ring().rogue).sign()
    });
    table.deny(KeyUnknown, "retired", "a key that the issuer has taken back signed", |stage| {
        stage.token_of(&stage.policy().issuer, &stage.policy().client, &stage.ring().retired).sign()
    });
    table.deny(KeyUnknown, "foreign", "a published key of another issuer signed a token of this one", |stage| {
        stage.token_of(&stage.policy().issuer, &stage.policy().client, &stage.ring().foreign).sign()
    });
    if table.policy().foreign.is_some() {
        table.deny(
            KeyUnknown,
            "of-this-issuer",
            "this issuer's key signed a token of the other trusted issuer",
            |stage| {
                let foreign = stage.policy().foreign.as_ref().expect("the case is there only with another issuer");
                stage.token_of(&foreign.issuer, &foreign.client, stage.key()).sign()
            },
        );
    }
    if let Some(sibling) =
        Algorithm::ALL.iter().find(|alg| table.policy().algorithms[..].contains(alg) && **alg != table.algorithm())
    {
        let title = format!("kid is that of the issuer's {sibling} key");
        table.deny(KeyAlgorithmMismatch, "sibling", title, |stage| {
            let sibling = stage.sibling().expect("the policy has two algorithms");
            stage.token().header("kid", sibling.kid().as_str()).sign()
        });
    }
    table.profile("RFC 7515 §4.1.4: kid is compared whole");
    table.deny(KeyUnknown, "thumbprint-changed", "one character of the kid has the other case", |stage| {
        let kid = stage.key().kid().as_str();
        let at = kid.find(|c: char| c.is_ascii_alphabetic()).expect("a thumbprint has a letter");
        let letter = &kid[at..=at];
        let swapped = if letter == letter.to_uppercase() { letter.to_lowercase() } else { letter.to_uppercase() };
        stage.token().header("kid", format!("{}{swapped}{}", &kid[..at], &kid[at + 1..])).sign()
    });
    table.deny(KeyUnknown, "prefix", "the last character of the kid is missing", |stage| {
        let kid = stage.key().kid().as_str();
        stage.token().header("kid", &kid[..kid.len() - 1]).sign()
    });
}

/// Texts for verifiers that open a file, a URL, a database or a shell with the kid.
fn weapons(table: &mut Table<'_>) {
    for (name, kid) in [
        ("path", "../../../../../../dev/null"),
        ("path-absolute", "/proc/self/environ"),
        ("path-encoded", "..%2f..%2f..%2fetc%2fpasswd"),
        ("file-url", "file:///etc/passwd"),
        ("url", "https://attacker.example/jwks.json"),
        ("url-loopback", "http://127.0.0.1:1/jwks.json"),
        ("sql", "'OR'1'='1"),
        ("sql-union", "x'/**/UNION/**/SELECT/**/'secret'--"),
        ("shell", "|/usr/bin/id"),
        ("shell-substitution", "$(id)"),
        ("ldap", "*)(uid=*))(|(uid=*"),
        ("template", "{{7*7}}${7*7}"),
        ("format", "%s%s%s%n"),
        ("wildcard", "*"),
        ("zero", "0"),
        ("undefined", "undefined"),
        ("prototype", "__proto__"),
    ] {
        let title = format!("kid is {kid:?}");
        table.deny(KeyUnknown, name, title, move |stage| stage.token().header("kid", kid).sign());
    }
    table.deny(KeyUnknown, "longest", "kid has 256 characters and is unknown", |stage| {
        stage.token().header("kid", "k".repeat(256)).sign()
    });
}

fn malformed(table: &mut Table<'_>) {
    table.deny(TokenMalformed, "absent", "there is no kid", |stage| stage.token().without_header("kid").sign());
    for (name, kid) in [
        ("empty", String::new()),
        ("space", "' OR '1'='1".to_owned()),
        ("newline", "key\r\nX-Injected: 1".to_owned()),
        ("nul", "key\0".to_owned()),
        ("not-ascii", "schlüssel".to_owned()),
        ("too-long", "k".repeat(257)),
    ] {
        let title = format!("kid is {:?}", kid.chars().take(20).collect::<String>());
        table.deny(TokenMalformed, name, title, move |stage| stage.token().header("kid", kid.clone()).sign());
    }
    table.deny(TokenMalformed, "padded", "a space follows the right kid", |stage| {
        stage.token().header("kid", format!("{} ", stage.key().kid())).sign()
    });
    for (name, kid) in [("null", Value::Null), ("number", json!(0)), ("true", json!(true)), ("object", json!({}))] {
        let title = format!("kid is {kid}");
        table.deny(TokenMalformed, name, title, move |stage| stage.token().header("kid", kid.clone()).sign());
    }
    table.deny(TokenMalformed, "array", "kid is a list of the right one", |stage| {
        stage.token().header("kid", json!([stage.key().kid()])).sign()
    });
    table.deny(TokenTooLarge, "64-kib", "kid has 64 KiB", |stage| {
        stage.token().header("kid", "k".repeat(64 * 1024)).sign()
    });
}
