//! Strict is not enough: these are good tokens, and refusing one would be a fault.

use crate::support::{API, CLIENT, SCOPE, ShipmentsRead, ShipmentsTrack, ShipmentsWrite, World};
use bridge_jose::Algorithm;
use bridge_testkit::Forge;
use bridge_types::Clock;
use bridge_validator::Reason;
use serde_json::json;

type Change = fn(Forge, i64) -> Forge;

const GOOD: [(&str, Change); 13] = [
    ("as it is", |token, _| token),
    ("unknown claims", |token, _| token.claim("extra", json!({"deep": [1, {"x": null}]}))),
    ("unknown members of the header", |token, _| token.header("cty", "x").header("x", json!([1]))),
    ("typ with the long media type", |token, _| token.header("typ", "application/at+jwt")),
    ("typ in capitals", |token, _| token.header("typ", "AT+JWT")),
    ("expired within the leeway", |token, now| token.claim("iat", now - 300).claim("exp", now - 29)),
    ("nbf at the end of the leeway", |token, now| token.claim("nbf", now + 30)),
    ("iat at the end of the leeway", |token, now| token.claim("iat", now + 30).claim("exp", now + 330)),
    ("nbf 0", |token, _| token.claim("nbf", 0)),
    ("exactly as long as the policy accepts", |token, now| token.claim("exp", now + 900)),
    ("one second long", |token, now| token.claim("exp", now + 1)),
    ("more scopes than the ceiling", |token, _| token.claim("scope", "a b shipments:read c")),
    ("the longest jti", |token, _| token.claim("jti", "j".repeat(256))),
];

#[tokio::test]
async fn accepts_every_good_token_of_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let world = World::signing(algorithm);
        for (name, change) in GOOD {
            let token = change(world.token(), world.clock.now().as_second()).sign();
            assert_eq!(world.refusal(&token).await, None, "{algorithm}: {name}");
        }
    }
}

#[tokio::test]
async fn accepts_any_order_of_members_and_white_space_in_the_json() {
    let world = World::new();
    let now = world.clock.now().as_second();
    let header = format!("{{ \"typ\" : \"at+jwt\",\n \"kid\":\"{}\",\t\"alg\":\"ES256\" }}", world.issuer.key.kid());
    let payload = format!(
        "{{\n\"jti\":\"j\", \"exp\":{}, \"iat\":{now}, \"scope\":\"{SCOPE}\", \"aud\":\"{API}\", \
         \"client_id\":\"{CLIENT}\", \"sub\":\"{CLIENT}\", \"iss\":\"{}\"}}",
        now + 60,
        world.issuer.url
    );
    let token = Forge::sign_text(&world.issuer.key, header, payload);
    assert_eq!(world.refusal(&token).await, None);
}

#[tokio::test]
async fn the_principal_is_the_pair_of_issuer_and_client() {
    let world = World::new();
    for (issuer, partner) in [(&world.issuer, "company-a"), (&world.other, "company-c")] {
        let token = issuer.access_token(CLIENT, API, SCOPE, world.clock.now()).sign();
        let authorized = world.validator.decide::<ShipmentsRead>(&token).await.unwrap();
        let principal = authorized.principal();
        assert_eq!((principal.issuer, principal.client_id.as_str()), (&issuer.url, CLIENT));
        assert_eq!(principal.partner, partner);
        assert_eq!(authorized.token(), bridge_types::Fingerprint::of(token.as_bytes()));
    }
}

#[tokio::test]
async fn effective_scopes_are_those_of_the_token_within_the_ceiling() {
    let world = World::new();
    let token = world.token().claim("scope", "shipments:read shipments:track admin").sign();
    let authenticated = world.validator.authenticate(&token).await.unwrap();
    assert_eq!(authenticated.scopes().to_string(), "shipments:read");

    assert!(authenticated.authorize::<ShipmentsRead>().is_ok());
    let denial = authenticated.authorize::<ShipmentsWrite>().unwrap_err();
    assert_eq!((denial.reason(), denial.required_scope()), (Reason::InsufficientScope, Some("shipments:write")));
    // The token has it, but no token of this client may ever use it here.
    let denial = authenticated.authorize::<ShipmentsTrack>().unwrap_err();
    assert_eq!((denial.reason(), denial.required_scope()), (Reason::ScopeBeyondCeiling, Some("shipments:track")));
}

#[tokio::test]
async fn a_denial_says_what_is_known_and_whether_it_was_verified() {
    let world = World::new();
    let denial = world.denial(&world.token().sign_then(|signature| signature[0] ^= 1)).await.unwrap();
    let facts = denial.facts();
    assert!(!facts.verified && facts.client_id.is_none() && facts.scope.is_none());
    assert_eq!(facts.iss.as_deref(), Some(world.issuer.url.as_str()));
    assert_eq!(facts.kid.as_ref(), Some(world.issuer.key.kid()));
    assert_eq!(facts.partner.as_deref(), Some("company-a"));

    let denial = world.denial(&world.token().claim("aud", "https://elsewhere.example").sign()).await.unwrap();
    let facts = denial.facts();
    assert!(facts.verified);
    assert_eq!(facts.client_id.as_ref().map(AsRef::as_ref), Some(CLIENT));
    assert_eq!(facts.aud.as_ref().map(AsRef::as_ref), Some("https://elsewhere.example"));
    assert_eq!(denial.detail(), format!("expected {API}, found https://elsewhere.example"));
}
