//! One valid token, one defect each. The refusal must name the defect.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{
    Algorithm, MAX_TOKEN_BYTES, Malformed, SignatureInvalid, SigningKey, Typ, UnverifiedToken, VerificationKey,
};
use bridge_testkit::Forge;
use serde_json::{Value, json};

struct Fixture {
    key: SigningKey,
    forge: Forge,
}

fn fixture(algorithm: Algorithm) -> Fixture {
    let key = SigningKey::generate(algorithm).unwrap();
    let forge = Forge::new(&key, Typ::AccessToken, json!({"iss": "https://a.example", "sub": "c"}));
    Fixture { key, forge }
}

impl Fixture {
    fn verify(&self, token: &str) -> Result<Value, SignatureInvalid> {
        let key = VerificationKey::try_from(self.key.public()).unwrap();
        UnverifiedToken::parse(token).unwrap().verify(&key).map(|token| token.claims().unwrap())
    }
}

#[test]
fn accepts_the_token_without_defect() {
    for algorithm in Algorithm::ALL {
        let fixture = fixture(algorithm);
        assert_eq!(fixture.verify(&fixture.forge.sign()).unwrap()["sub"], "c", "{algorithm}");
    }
}

#[test]
fn refuses_every_form_that_is_not_compact_and_canonical() {
    let fixture = fixture(Algorithm::Es256);
    let token = fixture.forge.sign();
    let [header, payload, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    // 64 bytes leave 4 unused bits in the last character; setting one makes another spelling of the same bytes.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let sibling = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let respelt = format!("{}{sibling}", &signature[..signature.len() - 1]);
    for (token, expected) in [
        (String::new(), Malformed::Parts(1)),
        ("a".into(), Malformed::Parts(1)),
        (format!("{header}.{payload}"), Malformed::Parts(2)),
        (format!("{token}."), Malformed::Parts(4)),
        (format!("{header}.{payload}.{signature}.{signature}"), Malformed::Parts(4)),
        (format!("{header}=.{payload}.{signature}"), Malformed::Encoding("header")),
        (format!("{header}.{payload}==.{signature}"), Malformed::Encoding("payload")),
        (format!("{header}.{payload}.{signature}=="), Malformed::Encoding("signature")),
        (format!("{header}.{payload}.{respelt}"), Malformed::Encoding("signature")),
        (format!(" {token}"), Malformed::Encoding("header")),
        (format!("{token}\n"), Malformed::Encoding("signature")),
        (format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+") + "+"), Malformed::Encoding("signature")),
        (format!("{header}.{payload}.ä"), Malformed::Encoding("signature")),
        (format!("{header}.{payload}.\0"), Malformed::Encoding("signature")),
        ("x".repeat(MAX_TOKEN_BYTES + 1), Malformed::TooLarge { limit: MAX_TOKEN_BYTES, found: MAX_TOKEN_BYTES + 1 }),
    ] {
        assert_eq!(UnverifiedToken::parse(&token).unwrap_err(), expected, "{token:.80}");
    }
}

#[test]
fn refuses_signatures_of_the_wrong_shape() {
    let fixture = fixture(Algorithm::Es256);
    let half = || fixture.forge.clone();
    let spoilt = [
        ("empty", half().sign_then(Vec::clear)),
        ("truncated", half().sign_then(|s| s.truncate(63))),
        ("one byte more", half().sign_then(|s| s.push(0))),
        ("r = 0", half().sign_then(|s| s[..32].fill(0))),
        ("s = 0", half().sign_then(|s| s[32..].fill(0))),
        ("both 0", half().sign_then(|s| s.fill(0))),
        ("r and s swapped", half().sign_then(|s| s.rotate_left(32))),
        ("DER", half().sign_then(|s| *s = der(s))),
    ];
    for (name, token) in spoilt {
        assert!(matches!(fixture.verify(&token), Err(SignatureInvalid::Wrong)), "{name}");
    }
}

/// ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }.
fn der(raw: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let mut padded = vec![0];
        padded.extend_from_slice(bytes);
        [vec![2, u8::try_from(padded.len()).unwrap()], padded].concat()
    };
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

#[test]
fn refuses_an_algorithm_that_is_not_the_keys() {
    for algorithm in Algorithm::ALL {
        let fixture = fixture(algorithm);
        for claimed in Algorithm::ALL.into_iter().filter(|claimed| *claimed != algorithm) {
            let token = fixture.forge.clone().header("alg", claimed.as_str()).sign();
            let verdict = fixture.verify(&token);
            assert!(matches!(verdict, Err(SignatureInvalid::AlgorithmMismatch)), "{algorithm} as {claimed}");
        }
    }
}

#[test]
fn refuses_another_key_and_another_payload() {
    for algorithm in Algorithm::ALL {
        let fixture = fixture(algorithm);
        let other = SigningKey::generate(algorithm).unwrap();
        let foreign = fixture.forge.sign_with(&other);
        assert!(fixture.verify(&foreign).is_err(), "{algorithm}: another key");
        let token = fixture.forge.sign();
        let parts: Vec<&str> = token.split('.').collect();
        let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"https://a.example","sub":"d"}"#);
        let swapped = [parts[0], &payload, parts[2]].join(".");
        assert!(fixture.verify(&swapped).is_err(), "{algorithm}: another payload");
    }
}

#[test]
fn the_issuer_is_readable_only_as_one_text() {
    let fixture = fixture(Algorithm::EdDsa);
    let header = fixture.forge.header_json();
    for payload in [
        "",
        "[]",
        "{}",
        r#"{"iss":1}"#,
        r#"{"iss":null}"#,
        r#"{"iss":["https://a.example"]}"#,
        r#"["https://a.example"]"#,
        r#"{"iss":"a","iss":"b"}"#,
        "{\"iss\":\"a\"",
    ] {
        let token = Forge::sign_text(&fixture.key, &header, payload);
        let issuer = UnverifiedToken::parse(&token).unwrap().unverified_issuer();
        assert_eq!(issuer.unwrap_err(), Malformed::Issuer, "{payload}");
    }
    let token = Forge::sign_text(&fixture.key, &header, b"{\"iss\":\"https://a.example\",\"x\":\"\xff\"}");
    assert_eq!(UnverifiedToken::parse(&token).unwrap().unverified_issuer().unwrap_err(), Malformed::Issuer);
    let token = fixture.forge.sign();
    let issuer = UnverifiedToken::parse(&token).unwrap().unverified_issuer().unwrap();
    assert_eq!(issuer.as_str(), "https://a.example");
}

#[test]
fn claims_with_repeated_members_are_refused_after_verification() {
    let fixture = fixture(Algorithm::Es256);
    let header = fixture.forge.header_json();
    let key = VerificationKey::try_from(fixture.key.public()).unwrap();
    for payload in [r#"{"sub":"c","sub":"c"}"#, r#"{"x":{"y":1,"y":1}}"#, r#"{"sub":"c","\u0073ub":"d"}"#, "1", "{"] {
        let token = Forge::sign_text(&fixture.key, &header, payload);
        let verified = UnverifiedToken::parse(&token).unwrap().verify(&key).unwrap();
        assert!(verified.claims::<Value>().is_err(), "{payload}");
    }
}
