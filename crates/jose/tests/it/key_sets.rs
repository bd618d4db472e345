//! Published key sets: one bad key does not spoil the set, and no bad key gets in.

use bridge_jose::{Algorithm, KeyError, KeySet, SigningKey, jwks_json};
use serde_json::{Value, json};

fn jwk(algorithm: Algorithm) -> Value {
    serde_json::to_value(SigningKey::generate(algorithm).unwrap().public()).unwrap()
}

fn parse(keys: &[Value]) -> (KeySet, Vec<KeyError>) {
    let (set, ignored) = KeySet::parse(json!({"keys": keys, "extra": 1}).to_string().as_bytes()).unwrap();
    (set, ignored.into_iter().map(|key| key.reason).collect())
}

fn changed(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

#[test]
fn reads_what_it_publishes() {
    let keys: Vec<SigningKey> = Algorithm::ALL.map(|algorithm| SigningKey::generate(algorithm).unwrap()).into();
    let (set, ignored) = KeySet::parse(jwks_json(keys.iter().map(SigningKey::public)).as_bytes()).unwrap();
    assert!(ignored.is_empty(), "{ignored:?}");
    for key in &keys {
        assert_eq!(set.find(key.kid()).unwrap().algorithm(), key.algorithm());
    }
    assert_eq!(set.len(), 4);
}

#[test]
fn one_bad_key_does_not_spoil_the_set() {
    let good = jwk(Algorithm::Es256);
    let weak = json!({"kty": "RSA", "kid": "weak", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3v", "e": "AQAB"});
    for (bad, reason) in [
        (changed(jwk(Algorithm::Es256), "y", good["y"].clone()), KeyError::Material),
        (changed(jwk(Algorithm::Es256), "x", "AAAA"), KeyError::Material),
        (changed(jwk(Algorithm::EdDsa), "x", "AA"), KeyError::Material),
        (changed(jwk(Algorithm::EdDsa), "use", "enc"), KeyError::NotForSignatures),
        (changed(jwk(Algorithm::Rs256), "e", "AQ"), KeyError::Weak),
        (changed(jwk(Algorithm::Rs256), "e", "Ag"), KeyError::Weak),
        (changed(jwk(Algorithm::Rs256), "n", ""), KeyError::Material),
        (changed(jwk(Algorithm::Ps256), "d", "AAAA"), KeyError::Private),
        (changed(jwk(Algorithm::Es256), "crv", "P-384"), KeyError::Unsupported),
        (changed(jwk(Algorithm::Es256), "kid", "a b"), KeyError::KeyId),
        (json!({"kty": "oct", "kid": "h", "k": "AAAA", "alg": "HS256"}), KeyError::Private),
        (json!({"kid": "x"}), KeyError::Form("expected kty and members of their types")),
        (weak, KeyError::Weak),
    ] {
        let (set, ignored) = parse(&[bad.clone(), good.clone()]);
        assert_eq!((set.len(), ignored), (1, vec![reason]), "{bad}");
    }
}

#[test]
fn a_kid_that_two_keys_claim_names_neither() {
    let (first, second) = (jwk(Algorithm::Es256), jwk(Algorithm::Es256));
    let same_kid = changed(second.clone(), "kid", first["kid"].clone());
    let (set, ignored) = parse(&[first.clone(), same_kid, second.clone()]);
    assert_eq!((set.len(), ignored.len()), (1, 2));
    assert_eq!(set.kids().next().unwrap().as_str(), second["kid"]);

    let (set, ignored) = parse(&[first.clone(), first]);
    assert_eq!((set.len(), ignored), (1, vec![KeyError::Duplicate]));
}

#[test]
fn an_empty_set_is_a_set_and_other_documents_are_none() {
    assert!(parse(&[]).0.is_empty());
    for document in
        ["", "{}", "[]", r#"{"keys":null}"#, r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#, "<html>"]
    {
        assert!(KeySet::parse(document.as_bytes()).is_err(), "{document}");
    }
    let many = vec![jwk(Algorithm::EdDsa); 101];
    assert!(KeySet::parse(json!({"keys": many}).to_string().as_bytes()).is_err());
}
