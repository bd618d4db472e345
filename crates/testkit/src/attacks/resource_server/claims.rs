//! Each required claim missing, of the wrong type, or repeated. Malformed is refused, never taken for absent.

use crate::attacks::Code::{self, ClaimsMalformed, IssuerUnknown, TokenMalformed};
use crate::attacks::table::Table;
use serde_json::{Value, json};

/// The claims that RFC 9068 §2.2 and the profile require.
const REQUIRED: [&str; 8] = ["iss", "sub", "client_id", "aud", "scope", "iat", "exp", "jti"];
type Spelling = fn(i64) -> String;

const DATES: [&str; 3] = ["iat", "exp", "nbf"];

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("claims", "RFC 9068 §2.2, §4; RFC 8725 §3.3");
    for claim in REQUIRED {
        absent_or_mistyped(table, claim);
    }
    table.profile("RFC 7519 §4");
    for claim in REQUIRED {
        repeated(table, claim);
    }
    for claim in DATES {
        not_a_date(table, claim);
    }
    ids(table);
}

/// Without one readable issuer no key can be chosen: nothing is verified, and the token itself is malformed.
fn code_of(claim: &str) -> Code {
    if claim == "iss" { TokenMalformed } else { ClaimsMalformed }
}

fn absent_or_mistyped(table: &mut Table<'_>, claim: &'static str) {
    table.clause("RFC 9068 §2.2, §4; RFC 8725 §3.3");
    let title = format!("the claim {claim} is missing");
    table.deny(code_of(claim), format!("{claim}-missing"), title, move |stage| {
        stage.token().without_claim(claim).sign()
    });
    let wrong = if DATES.contains(&claim) { json!("text") } else { json!(1) };
    for (name, value) in [
        ("null", Value::Null),
        ("mistyped", wrong),
        ("true", json!(true)),
        ("object", json!({"value": "x"})),
        ("empty-array", json!([])),
    ] {
        let title = format!("the claim {claim} is {value}");
        table.deny(code_of(claim), format!("{claim}-{name}"), title, move |stage| {
            stage.token().claim(claim, value.clone()).sign()
        });
    }
    // RFC 7519 §4.1.3 permits a list of audiences, and of them alone.
    let clause = "RFC 7519 §4.1; RFC 9068 §2.2";
    if claim == "aud" {
        table.profile(clause);
    } else {
        table.clause(clause);
    }
    let title = format!("the claim {claim} is a list of the right value");
    table.deny(code_of(claim), format!("{claim}-array"), title, move |stage| {
        let listed = |claims: &mut crate::forge::Members| {
            let right = claims.text(claim).map(str::to_owned).unwrap_or_default();
            claims.set_text(claim, format!("[{right}]"));
        };
        stage.token().claims_with(listed).sign()
    });
    let title = format!("the name of the claim {claim} is in capitals, and {claim} itself is missing");
    table.deny(code_of(claim), format!("{claim}-capitals"), title, move |stage| {
        stage.token().claims_with(|claims| claims.respell(claim, &claim.to_uppercase())).sign()
    });
}

fn repeated(table: &mut Table<'_>, claim: &'static str) {
    let title = format!("the claim {claim} stands there twice with the same value");
    table.deny(code_of(claim), format!("{claim}-twice"), title, move |stage| {
        let again = |claims: &mut crate::forge::Members| {
            let right = claims.text(claim).map(str::to_owned).unwrap_or_default();
            claims.append(claim, right);
        };
        stage.token().claims_with(again).sign()
    });
    let title = format!("a second {claim} with another value has a name written with an escape");
    table.deny(code_of(claim), format!("{claim}-twice-escaped"), title, move |stage| {
        let (first, rest) = claim.split_at(1);
        let escaped = format!("\\u{:04x}{rest}", u32::from(first.as_bytes()[0]));
        stage.token().claims_with(|claims| claims.append(&escaped, "\"other\"")).sign()
    });
}

/// Numbers that are not whole seconds within the calendar (RFC 7519 §2 `NumericDate`, narrowed to integers).
fn not_a_date(table: &mut Table<'_>, claim: &'static str) {
    table.profile("RFC 7519 §2 (NumericDate), narrowed to whole seconds");
    for (name, text) in [
        ("2-to-63", "9223372036854775808"),
        ("2-to-63-less-1", "9223372036854775807"),
        ("2-to-64", "18446744073709551616"),
        ("1e300", "1e300"),
        ("1e999", "1e999"),
        ("year-10000", "253402300800"),
        ("negative", "-1"),
        ("minus-zero", "-0"),
        ("smallest", "-9223372036854775808"),
    ] {
        let title = format!("the claim {claim} is {text}");
        table.deny(ClaimsMalformed, format!("{claim}-{name}"), title, move |stage| {
            stage.token().claims_with(|claims| claims.set_text(claim, text)).sign()
        });
    }
    table.clause("RFC 8259 §6");
    for (name, text) in [("hexadecimal", "0x6955b900"), ("infinity", "Infinity"), ("plus", "+1767225600")] {
        let title = format!("the claim {claim} is {text}, which is not JSON");
        table.deny(TokenMalformed, format!("{claim}-{name}"), title, move |stage| {
            stage.token().claims_with(|claims| claims.set_text(claim, text)).sign()
        });
    }
    table.profile("RFC 7519 §2 (NumericDate), narrowed to whole seconds");
    let spellings: [(&str, Spelling); 4] = [
        ("float", |date| format!("{date}.0")),
        ("fraction", |date| format!("{date}.5")),
        ("exponent", |date| format!("{date}e0")),
        ("quoted", |date| format!("\"{date}\"")),
    ];
    for (name, spell) in spellings {
        let title = format!("the claim {claim} is the right moment, written as a {name}");
        table.deny(ClaimsMalformed, format!("{claim}-{name}"), title, move |stage| {
            let date = if claim == "exp" { stage.now() + 300 } else { stage.issued() };
            stage.token().claims_with(|claims| claims.set_text(claim, spell(date))).sign()
        });
    }
    let title = format!("the claim {claim} is the right moment in milliseconds");
    table.deny(ClaimsMalformed, format!("{claim}-milliseconds"), title, move |stage| {
        stage.token().claim(claim, stage.now() * 1000).sign()
    });
}

fn ids(table: &mut Table<'_>) {
    table.profile("Bridge profile: ids are 1 to 256 visible ASCII characters");
    for claim in ["sub", "client_id", "jti"] {
        for (name, value) in [
            ("empty", String::new()),
            ("too-long", "x".repeat(257)),
            ("space", "a b".to_owned()),
            ("newline", "a\nevent=decision outcome=allow".to_owned()),
            ("nul", "a\0".to_owned()),
        ] {
            let title = format!("the claim {claim} is {:?}", value.chars().take(20).collect::<String>());
            table.deny(ClaimsMalformed, format!("{claim}-{name}"), title, move |stage| {
                stage.token().claim(claim, value.clone()).sign()
            });
        }
    }
    table.clause("RFC 9068 §4");
    table.deny(IssuerUnknown, "iss-empty", "the claim iss is an empty text", |stage| {
        stage.token().claim("iss", "").sign()
    });
}
