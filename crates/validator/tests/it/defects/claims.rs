use super::{Defect, defect};
use crate::support::CLIENT;
use bridge_validator::Reason::{ClaimsMalformed, IssuerUnknown, TokenMalformed};
use serde_json::{Value, json};

/// Breaks the form of the claims: absent, `null`, of the wrong type, repeated.
pub(super) fn defects() -> Vec<Defect> {
    [absent(), mistyped(), repeated(), issuer()].into_iter().flatten().collect()
}

fn absent() -> Vec<Defect> {
    let required = ["sub", "client_id", "aud", "scope", "iat", "exp", "jti"];
    let missing = required.map(|name| {
        defect(format!("no {name}"), ClaimsMalformed, move |world| world.token().without_claim(name).sign())
    });
    let null = required.map(|name| {
        defect(format!("{name} null"), ClaimsMalformed, move |world| world.token().claim(name, Value::Null).sign())
    });
    missing.into_iter().chain(null).collect()
}

fn mistyped() -> Vec<Defect> {
    let values: Vec<(&str, Value)> = vec![
        ("exp", json!(1_767_225_900.5)),
        ("exp", json!(1_767_225_900.0)),
        ("exp", json!("1767225900")),
        ("exp", json!(9_223_372_036_854_775_807_u64)),
        ("exp", json!(9_223_372_036_854_775_808_u64)),
        ("exp", json!(1e300)),
        ("exp", json!(-1)),
        ("exp", json!([1_767_225_900])),
        ("exp", json!({"at": 1_767_225_900})),
        ("exp", json!(true)),
        ("iat", json!("1767225600")),
        ("iat", json!(-1)),
        ("iat", json!(1.5)),
        ("nbf", Value::Null),
        ("nbf", json!("1767225600")),
        ("nbf", json!(0.5)),
        ("aud", json!([])),
        ("aud", json!(["https://api.company-b.example"])),
        ("aud", json!({"https://api.company-b.example": 1})),
        ("aud", json!("company-b")),
        ("aud", json!("")),
        ("scope", json!("")),
        ("scope", json!(" shipments:read")),
        ("scope", json!("shipments:read ")),
        ("scope", json!("shipments:read  shipments:write")),
        ("scope", json!("shipments:read\tshipments:write")),
        ("scope", json!("shipments:read\nshipments:write")),
        ("scope", json!("shipments:read shipments:read")),
        ("scope", json!(["shipments:read"])),
        ("scope", json!("\"shipments:read\"")),
        ("sub", json!(1)),
        ("sub", json!([CLIENT])),
        ("client_id", json!("")),
        ("client_id", json!({"id": CLIENT})),
        ("jti", json!("")),
        ("jti", json!(7)),
    ];
    let mistyped = |(name, value): (&'static str, Value)| {
        let spoilt = value.clone();
        defect(format!("{name} {value}"), ClaimsMalformed, move |world| {
            world.token().claim(name, spoilt.clone()).sign()
        })
    };
    values.into_iter().map(mistyped).collect()
}

fn repeated() -> Vec<Defect> {
    let prefix = |text: &'static str, name: &str| {
        defect(name.to_owned(), ClaimsMalformed, move |world| {
            let token = world.token();
            token.sign_payload(token.claims_json().replacen('{', &format!("{{{text},"), 1))
        })
    };
    vec![
        prefix(r#""scope":"shipments:write""#, "scope twice"),
        prefix(r#""exp":99999999999"#, "exp twice"),
        prefix(r#""client_id":"order-service""#, "client_id twice, with the same value"),
        prefix(r#""e\u0078p":99999999999"#, "exp twice, once escaped"),
        prefix(r#""extra":{"x":1,"x":2}"#, "a member twice inside an unknown claim"),
        defect("claims nest deeply", ClaimsMalformed, |world| {
            let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
            world.token().claim("extra", deep).sign()
        }),
    ]
}

/// Without one readable issuer no key can be chosen, so these are defects of the form.
fn issuer() -> Vec<Defect> {
    let unreadable =
        [("null", Value::Null), ("a list", json!(["https://issuer.company-a.example"])), ("a number", json!(1))];
    let mut defects: Vec<Defect> = unreadable
        .into_iter()
        .map(|(name, value)| {
            defect(format!("iss {name}"), TokenMalformed, move |world| world.token().claim("iss", value.clone()).sign())
        })
        .collect();
    defects.extend([
        defect("no iss", TokenMalformed, |world| world.token().without_claim("iss").sign()),
        defect("iss twice", TokenMalformed, |world| {
            let token = world.token();
            token.sign_payload(token.claims_json().replacen('{', r#"{"iss":"https://issuer.company-c.example","#, 1))
        }),
        defect("claims in a list", TokenMalformed, |world| world.token().sign_payload("[]")),
    ]);
    let strangers = [
        "https://issuer.company-x.example",
        "https://issuer.company-a.example/",
        "https://issuer.company-a.example:443",
        "https://ISSUER.company-a.example",
        "http://issuer.company-a.example",
        "https://issuer.company-a.example.evil.example",
        "https://issuer.company-a.exampl",
        "https://issuer.company-a.example?",
        "https://issuer.company-a.example#",
        " https://issuer.company-a.example",
        "https://issuer.comp\u{430}ny-a.example",
        "",
    ];
    defects.extend(strangers.map(|stranger| {
        defect(format!("iss {stranger:?}"), IssuerUnknown, move |world| world.token().claim("iss", stranger).sign())
    }));
    defects
}
