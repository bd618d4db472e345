//! The header of a token: accepted exactly when a plain reading of RFC 7515 and of the profile accepts it.

use super::tree::is_strict_object;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{Algorithm, Header, MAX_TOKEN_BYTES, Typ, UnverifiedToken};
use serde_json::{Map, Value};

/// The bytes are the JSON of a header.
pub fn check(data: &[u8]) {
    let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(data));
    if token.len() > MAX_TOKEN_BYTES {
        return;
    }
    let parsed = UnverifiedToken::parse(&token).ok();
    let model = acceptable(data);
    assert_eq!(parsed.is_some(), model.is_some(), "code and model disagree");
    if let (Some(token), Some(members)) = (&parsed, &model) {
        says_what_was_written(token.header(), members);
    }
}

/// The members, when the profile accepts them.
fn acceptable(json: &[u8]) -> Option<Map<String, Value>> {
    if !is_strict_object(json) {
        return None;
    }
    let members: Map<String, Value> = serde_json::from_slice(json).ok()?;
    let forbidden = ["crit", "b64", "jwk", "jku", "x5u", "x5c", "enc", "zip"];
    let text = |name: &str| members.get(name).map(|value| value.as_str());
    let kid = text("kid")??;
    let sound = forbidden.iter().all(|name| !members.contains_key(*name))
        && matches!(text("alg")??, "ES256" | "EdDSA" | "PS256" | "RS256")
        && (1..=256).contains(&kid.len())
        && kid.bytes().all(|b| (0x21..=0x7e).contains(&b))
        && ["typ", "cty", "x5t", "x5t#S256"].iter().all(|name| text(name) != Some(None));
    sound.then_some(members)
}

fn says_what_was_written(header: &Header, members: &Map<String, Value>) {
    assert_eq!(header.algorithm().as_str(), members["alg"]);
    assert_eq!(header.key_id().as_str(), members["kid"]);
    assert_eq!(header.typ(), members.get("typ").and_then(Value::as_str));
    assert!(Algorithm::ALL.contains(&header.algorithm()));
    let lower = header.typ().unwrap_or_default().to_ascii_lowercase();
    let short = lower.strip_prefix("application/").unwrap_or(&lower);
    assert_eq!(header.is(Typ::AccessToken), short == "at+jwt");
    assert_eq!(header.is(Typ::ClientAssertion), short == "client-authentication+jwt");
}
