//! Published keys that must not be used: each is left out with one warning, and the others go on working.

use crate::support::{ISSUER, World, capture, key};
use bridge_jose::{Algorithm, SigningKey, Typ};
use bridge_testkit::Forge;
use bridge_validator::Reason;
use serde_json::{Value, json};

/// A modulus of 1,024 bits, once the size of every RSA key.
const WEAK_MODULUS: &str = concat!(
    "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHy",
    "Xss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4"
);

fn jwk(key: &SigningKey) -> Value {
    serde_json::to_value(key.public()).unwrap()
}

fn changed(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

fn weak() -> Value {
    json!({"kty": "RSA", "kid": "weak", "alg": "RS256", "use": "sig", "n": WEAK_MODULUS, "e": "AQAB"})
}

/// What the issuer publishes beside its good key, the kid that the warning names, and what it says.
fn defects() -> Vec<(Value, Value, &'static str)> {
    let spoilt = |algorithm, name: &str, value: Value| {
        let jwk = changed(jwk(&SigningKey::generate(algorithm).unwrap()), name, value);
        (jwk.clone(), jwk["kid"].clone())
    };
    let with = |(jwk, kid): (Value, Value), words| (jwk, kid, words);
    vec![
        (weak(), json!("weak"), "RSA key too weak"),
        with(spoilt(Algorithm::Rs256, "e", json!("AQ")), "RSA key too weak"),
        with(spoilt(Algorithm::EdDsa, "use", json!("enc")), "not for verifying signatures"),
        with(spoilt(Algorithm::Es256, "use", json!("enc")), "not for verifying signatures"),
        with(spoilt(Algorithm::Es256, "key_ops", json!(["sign"])), "not for verifying signatures"),
        with(spoilt(Algorithm::Es256, "crv", json!("P-521")), "unsupported key"),
        with(spoilt(Algorithm::Es256, "alg", json!("ES384")), "unsupported key"),
        with(spoilt(Algorithm::Es256, "kty", json!("AKP")), "unsupported key"),
        with(spoilt(Algorithm::Es256, "d", json!("AAAA")), "private members"),
        with(spoilt(Algorithm::Es256, "x", json!("AAAA")), "key material is not valid"),
        (json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0"}), json!("shared"), "private members"),
        (json!({"kty": "oct", "kid": "shared"}), json!("shared"), "unsupported key"),
        (json!({"kid": "x"}), json!("x"), "not a JSON Web Key"),
        with(spoilt(Algorithm::EdDsa, "kid", json!("")), "no usable key id"),
    ]
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_left_out_with_one_warning() {
    for (bad, kid, words) in defects() {
        let (_guard, log) = capture();
        let world = World::new();
        world.network.publish_keys(ISSUER, json!({"keys": [bad, jwk(&world.issuer.key)]}).to_string());
        assert_eq!(world.refusal(&world.token().sign()).await, None, "{words}: the good key went with the bad one");
        let warnings = log.of("key_ignored");
        assert_eq!(warnings.len(), 1, "{words}: {warnings:?}");
        let line = &warnings[0];
        assert!(line["level"] == "WARN" && line["detail"].as_str().unwrap().contains(words), "{words}: {line}");
        let named = if kid == "" { Value::Null } else { kid };
        assert_eq!((&line["iss"], &line["partner"]), (&json!(ISSUER), &json!("company-a")));
        assert_eq!(line["kid"], named, "{words}");
        assert!(!log.text().contains("AAAA") && !log.text().contains("c2VjcmV0"), "key material in the log");
    }
}

#[tokio::test]
async fn a_token_of_a_key_that_is_left_out_is_refused() {
    for (algorithm, name, value) in
        [(Algorithm::EdDsa, "use", "enc"), (Algorithm::Es256, "alg", "ES384"), (Algorithm::EdDsa, "crv", "X25519")]
    {
        let left_out = SigningKey::generate(algorithm).unwrap();
        let bad = changed(jwk(&left_out), name, value);
        let world = World::new();
        world.network.publish_keys(ISSUER, json!({"keys": [bad, jwk(&world.issuer.key)]}).to_string());
        let claims = serde_json::from_str(&world.token().claims_json()).unwrap();
        let token = Forge::new(&left_out, Typ::AccessToken, claims).sign();
        assert_eq!(world.refusal(&token).await, Some(Reason::KeyUnknown), "{name}: {value}");
    }
}

#[tokio::test]
async fn a_kid_that_two_keys_claim_verifies_for_neither_and_both_are_reported() {
    let (_guard, log) = capture();
    let mut world = World::new();
    let (first, second) = (key(Algorithm::Es256), SigningKey::generate(Algorithm::EdDsa).unwrap());
    let namesake = changed(jwk(&second), "kid", jwk(&first)["kid"].clone());
    let third = SigningKey::generate(Algorithm::Es256).unwrap();
    world.network.publish_keys(ISSUER, json!({"keys": [jwk(&first), namesake, jwk(&third)]}).to_string());
    assert_eq!(world.refusal(&world.token().sign()).await, Some(Reason::KeyUnknown));
    let claims = serde_json::from_str(&world.token().claims_json()).unwrap();
    let token = Forge::new(&second, Typ::AccessToken, claims).header("kid", first.kid().as_str()).sign();
    assert_eq!(world.refusal(&token).await, Some(Reason::KeyUnknown));
    assert_eq!(log.of("key_ignored").len(), 2);
    world.issuer.key = third;
    assert_eq!(world.refusal(&world.token().sign()).await, None, "the third key has a name of its own");
}
