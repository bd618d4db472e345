use crate::support::{FakeIssuer, audience, scopes};
use bridge_jose::{Algorithm, SigningKey, UnverifiedToken};
use std::collections::HashMap;

#[tokio::test]
async fn an_assertion_is_signed_by_the_key_of_this_moment() {
    let issuer = FakeIssuer::start().await;
    let tokens = issuer.source();
    tokens.token(&audience(), &scopes("shipments:read")).await.unwrap();
    let second = SigningKey::generate(Algorithm::EdDsa).unwrap();
    issuer.credential.replace_key(second.clone());
    tokens.token(&audience(), &scopes("shipments:write")).await.unwrap();
    let requests = issuer.token_requests().await;
    let kid = |request: &HashMap<String, String>| {
        UnverifiedToken::parse(&request["client_assertion"]).unwrap().header().key_id().clone()
    };
    assert_eq!(requests.iter().map(kid).collect::<Vec<_>>(), [issuer.key.kid().clone(), second.kid().clone()]);
}
