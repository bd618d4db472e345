//! Claims under a good signature: let in exactly when a plain reading of RFC 9068 and of the policy lets them in.

use super::fixture::{API, CLIENT, ISSUER, NOW, clock, key, runtime};
use super::tree::is_strict_object;
use bridge_jose::profile::{AccessTokenClaims, AssertionClaims};
use bridge_jose::{MAX_TOKEN_BYTES, Typ, UnverifiedToken, VerificationKey, jwks_json};
use bridge_testkit::Forge;
use bridge_validator::{DocumentFetcher, KeySetup, KeyTiming, TrustPolicies, TrustPolicy, Validator};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use tokio::runtime::Runtime;

/// The bytes are the payload of a token that the trusted issuer signed.
pub fn check(data: &[u8]) {
    let token = Forge::new(key(), Typ::AccessToken, json!({})).sign_payload(data);
    if token.len() > MAX_TOKEN_BYTES {
        return;
    }
    typed_claims_are_those_that_were_written(&token, data);
    thread_local!(static DESK: Desk = Desk::new());
    let allowed = DESK.with(|desk| desk.runtime.block_on(desk.validator.authenticate(&token)).is_ok());
    assert_eq!(allowed, deserves_entry(data), "code and model disagree");
}

fn typed_claims_are_those_that_were_written(token: &str, data: &[u8]) {
    static KEY: LazyLock<VerificationKey> =
        LazyLock::new(|| VerificationKey::try_from(key().public()).expect("the key of the vectors is good"));
    let token = UnverifiedToken::parse(token).expect("the form is good").verify(&KEY).expect("the signature is good");
    let written: Option<Value> = serde_json::from_slice(data).ok();
    if let Ok(claims) = token.claims::<AccessTokenClaims>() {
        assert!(is_strict_object(data));
        if claims.cnf.is_none() {
            survives(&claims, written.as_ref());
        }
    }
    if let Ok(claims) = token.claims::<AssertionClaims>() {
        assert!(is_strict_object(data));
        survives(&claims, written.as_ref());
    }
}

/// Writing the claims gives what was read, and reading that gives the claims again.
fn survives<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq>(claims: &T, written: Option<&Value>) {
    let again = serde_json::to_value(claims).expect("claims have a JSON form");
    for (name, value) in again.as_object().expect("claims are an object") {
        let written = &written.expect("claims stand in JSON")[name];
        let alone = name == "aud" && *written == json!([value]);
        let same_scopes = name == "scope" && scopes(value) == scopes(written);
        assert!(written == value || alone || same_scopes, "{name}: {written} became {value}");
    }
    let reread: T = serde_json::from_value(again).expect("claims can be read again");
    assert!(reread == *claims);
}

fn scopes(value: &Value) -> Option<HashSet<&str>> {
    value.as_str().map(|text| text.split(' ').collect())
}

/// The decision as a reader of RFC 9068 §4 and of the policy file below would make it.
fn deserves_entry(payload: &[u8]) -> bool {
    let claims: Map<String, Value> = match serde_json::from_slice(payload) {
        Ok(claims) if is_strict_object(payload) => claims,
        _ => return false,
    };
    let is = |name: &str, expected: &str| claims.get(name).and_then(Value::as_str) == Some(expected);
    let date = |name: &str| claims.get(name).and_then(Value::as_i64).filter(|s| (0..=253_402_207_200).contains(s));
    let (Some(iat), Some(exp)) = (date("iat"), date("exp")) else { return false };
    let nbf = if claims.contains_key("nbf") { date("nbf") } else { Some(0) };
    let jti = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
    is("iss", ISSUER)
        && is("aud", API)
        && is("client_id", CLIENT)
        && is("sub", CLIENT)
        && claims.get("scope").is_some_and(is_scope)
        && (1..=256).contains(&jti.len())
        && jti.bytes().all(|b| (0x21..=0x7e).contains(&b))
        && !claims.contains_key("cnf")
        && !claims.contains_key("status")
        && iat <= NOW + 30
        && nbf.is_some_and(|nbf| nbf <= NOW + 30)
        && exp > NOW - 30
        && (1..=900).contains(&(exp - iat))
}

fn is_scope(value: &Value) -> bool {
    let letter = |b: u8| b == 0x21 || (0x23..=0x5b).contains(&b) || (0x5d..=0x7e).contains(&b);
    let text = value.as_str().unwrap_or_default();
    let values: Vec<&str> = text.split(' ').collect();
    text.len() <= 4096
        && values.iter().all(|one| (1..=128).contains(&one.len()) && one.bytes().all(letter))
        && values.iter().collect::<HashSet<_>>().len() == values.len()
}

struct Desk {
    runtime: Runtime,
    validator: Validator,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let policy = format!(
            "issuer = \"{ISSUER}\"\naudience = \"{API}\"\nalgorithms = [\"EdDSA\"]\n\
             keys = {{ jwks_file = \"keys.json\" }}\n[clients.{CLIENT}]\nscopes = [\"shipments:read\"]\n"
        );
        let write =
            |name: &str, text: String| std::fs::write(directory.path().join(name), text).expect("files can be written");
        write("company-a.toml", policy);
        write("keys.json", jwks_json([key().public()]));
        let none = |_: &TrustPolicy| -> Result<Arc<dyn DocumentFetcher>, String> { Err("keys are pinned".to_owned()) };
        let setup = KeySetup { fetchers: Arc::new(none), clock: clock(), timing: KeyTiming::default(), status: None };
        let policies = TrustPolicies::load(directory.path(), setup).expect("the policy is good");
        // Remembers nothing, so that every token goes the whole way.
        let validator = Validator::remembering(0, Arc::new(policies), clock());
        Self { runtime: runtime(), validator }
    }
}
