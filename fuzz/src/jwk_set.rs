//! Published key sets: every key is either used or reported, and what is used is sound, public and the only one of its
//! name.

use super::tree::is_strict_object;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{Algorithm, KeySet, PublicJwk};
use serde_json::{Map, Value};

/// The bytes are a JWK set.
pub fn check(data: &[u8]) {
    let parsed = KeySet::parse(data);
    let model = listed(data);
    assert_eq!(parsed.is_ok(), model.is_some(), "code and model disagree");
    let (Ok((set, ignored)), Some(keys)) = (parsed, model) else { return };
    assert_eq!(set.len() + ignored.len(), keys.len(), "a key got lost");
    for key in set.keys() {
        let named = |jwk: &&Map<String, Value>| jwk.get("kid").and_then(Value::as_str) == Some(key.kid().as_str());
        let sources: Vec<PublicJwk> =
            keys.iter().filter(named).filter_map(|jwk| PublicJwk::from_object(jwk.clone()).ok()).collect();
        let first = sources.first().expect("a key stands in the document");
        assert!(sources.iter().all(|jwk| jwk == first), "two keys of one name, and one of them is used");
        assert_eq!(first.algorithm(), key.algorithm());
        sound(first);
    }
}

fn listed(data: &[u8]) -> Option<Vec<Map<String, Value>>> {
    let keys =
        if is_strict_object(data) { serde_json::from_slice::<Value>(data).ok()?["keys"].take() } else { Value::Null };
    serde_json::from_value::<Vec<Map<String, Value>>>(keys).ok().filter(|keys| keys.len() <= 100)
}

fn sound(jwk: &PublicJwk) {
    let written = serde_json::to_value(jwk).expect("a key has a JSON form");
    let members = written.as_object().expect("a key is an object");
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(!members.contains_key(private), "{private} got in");
    }
    let again = PublicJwk::from_object(members.clone()).expect("a key reads what it writes");
    assert!(again == *jwk && again.thumbprint() == jwk.thumbprint());
    let bytes =
        |name: &str| URL_SAFE_NO_PAD.decode(members[name].as_str().expect("numbers are texts")).expect("base64url");
    match jwk.algorithm() {
        Algorithm::Es256 => assert_eq!((bytes("x").len(), bytes("y").len()), (32, 32)),
        Algorithm::EdDsa => assert_eq!(bytes("x").len(), 32),
        Algorithm::Ps256 | Algorithm::Rs256 => {
            assert!((256..=1024).contains(&bytes("n").len()) && bytes("n")[0] >= 1, "a weak modulus got in");
        }
    }
}
