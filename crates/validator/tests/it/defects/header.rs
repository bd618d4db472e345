use super::{Defect, defect};
use bridge_jose::Algorithm;
use bridge_validator::Reason::{
    AlgorithmNotAllowed, HeaderForbidden, KeyAlgorithmMismatch, KeyUnknown, TokenMalformed, TypeNotAccepted,
};
use serde_json::{Value, json};

/// Breaks the header: form, forbidden members, `alg`, `kid`, `typ`.
pub(super) fn defects() -> Vec<Defect> {
    [form(), forbidden(), algorithm(), key_id(), typ()].into_iter().flatten().collect()
}

fn form() -> Vec<Defect> {
    vec![
        defect("header is no JSON", TokenMalformed, |world| world.token().sign_header("not JSON")),
        defect("header is a list", TokenMalformed, |world| world.token().sign_header("[]")),
        defect("header is text", TokenMalformed, |world| world.token().sign_header("\"ES256\"")),
        defect("header is not UTF-8", TokenMalformed, |world| world.token().sign_header(b"{\"x\":\"\xff\"}")),
        defect("something behind the header", TokenMalformed, |world| {
            let token = world.token();
            token.sign_header(format!("{} {{}}", token.header_json()))
        }),
        defect("alg twice", TokenMalformed, |world| {
            let token = world.token();
            token.sign_header(token.header_json().replacen('{', r#"{"alg":"none","#, 1))
        }),
        defect("kid twice, once escaped", TokenMalformed, |world| {
            let token = world.token();
            token.sign_header(token.header_json().replacen('{', r#"{"k\u0069d":"x","#, 1))
        }),
        defect("header nests deeply", TokenMalformed, |world| {
            let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
            world.token().header("x", deep).sign()
        }),
    ]
}

fn forbidden() -> Vec<Defect> {
    let members: [(&str, Value); 9] = [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("jwk", json!({"kty": "EC"})),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x5u")),
        ("x5c", json!(["AAAA"])),
        ("zip", json!("DEF")),
    ];
    members
        .into_iter()
        .map(|(name, value)| {
            defect(format!("header with {name} {value}"), HeaderForbidden, move |world| {
                world.token().header(name, value.clone()).sign()
            })
        })
        .collect()
}

fn algorithm() -> Vec<Defect> {
    let mut defects: Vec<Defect> =
        ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "ES384", "ES256K", "RS512", "PS384", "es256", "Ed25519"]
            .into_iter()
            .map(|name| {
                defect(format!("alg {name:?}"), AlgorithmNotAllowed, move |world| {
                    world.token().header("alg", name).sign()
                })
            })
            .collect();
    defects.extend([
        defect("no alg", AlgorithmNotAllowed, |world| world.token().without_header("alg").sign()),
        defect("alg none and no signature", AlgorithmNotAllowed, |world| {
            world.token().header("alg", "none").sign_then(Vec::clear)
        }),
        defect("alg null", TokenMalformed, |world| world.token().header("alg", Value::Null).sign()),
        defect("alg in a list", TokenMalformed, |world| world.token().header("alg", json!(["ES256"])).sign()),
        defect("alg of another key", KeyAlgorithmMismatch, |world| {
            let own = world.issuer.key.algorithm();
            let another = Algorithm::ALL.into_iter().find(|algorithm| *algorithm != own).unwrap();
            world.token().header("alg", another.as_str()).sign()
        }),
    ]);
    defects
}

fn key_id() -> Vec<Defect> {
    vec![
        defect("no kid", TokenMalformed, |world| world.token().without_header("kid").sign()),
        defect("kid null", TokenMalformed, |world| world.token().header("kid", Value::Null).sign()),
        defect("kid empty", TokenMalformed, |world| world.token().header("kid", "").sign()),
        defect("kid a number", TokenMalformed, |world| world.token().header("kid", 1).sign()),
        defect("kid with spaces, as in SQL", TokenMalformed, |world| world.token().header("kid", "' OR 1=1 --").sign()),
        defect("kid of 4 KiB", TokenMalformed, |world| world.token().header("kid", "k".repeat(4096)).sign()),
        defect("unknown kid", KeyUnknown, |world| world.token().header("kid", "unknown").sign()),
        defect("kid a path", KeyUnknown, |world| world.token().header("kid", "../../dev/null").sign()),
        defect("kid and key of another issuer", KeyUnknown, |world| {
            world
                .token()
                .header("kid", world.other.key.kid().as_str())
                .header("alg", "ES256")
                .sign_with(&world.other.key)
        }),
    ]
}

fn typ() -> Vec<Defect> {
    let mut defects: Vec<Defect> = [
        "JWT",
        "jwt",
        "",
        "at+jwt ",
        "at+jwt;x=1",
        "application/application/at+jwt",
        "client-authentication+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "statuslist+jwt",
    ]
    .into_iter()
    .map(|name| defect(format!("typ {name:?}"), TypeNotAccepted, move |world| world.token().header("typ", name).sign()))
    .collect();
    defects.extend([
        defect("no typ", TypeNotAccepted, |world| world.token().without_header("typ").sign()),
        defect("typ null", TokenMalformed, |world| world.token().header("typ", Value::Null).sign()),
        defect("typ in a list", TokenMalformed, |world| world.token().header("typ", json!(["at+jwt"])).sign()),
    ]);
    defects
}
