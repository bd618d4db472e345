use crate::support::{AUDIENCE, CLIENT, ISSUER, World, client, good_form, refusal};
use bridge_issuer::Clients;
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{KeySet, Typ, UnverifiedToken};
use bridge_types::Clock;

const OWN_API: &str = "https://api.company-a.example:8442";

#[tokio::test]
async fn grants_exactly_what_is_registered_for_the_resource() {
    const SCOPE: Option<(&str, &str)> = Some(("invalid_scope", "scope_not_registered"));
    const TARGET: Option<(&str, &str)> = Some(("invalid_target", "resource_not_registered"));
    let world = World::new().await;
    for (resource, scope, refused) in [
        (AUDIENCE, "shipments:read", None),
        (AUDIENCE, "shipments:write", None),
        (AUDIENCE, "shipments:read shipments:write", None),
        (AUDIENCE, "shipments:write shipments:read", None),
        (AUDIENCE, "shipments:delete", SCOPE),
        (AUDIENCE, "shipments:read shipments:delete", SCOPE),
        (AUDIENCE, "Shipments:read", SCOPE),
        (AUDIENCE, "shipments:rea", SCOPE),
        (AUDIENCE, "shipments:*", SCOPE),
        (AUDIENCE, "orders:read", SCOPE),
        (OWN_API, "orders:read", None),
        (OWN_API, "shipments:read", SCOPE),
        ("https://api.company-b.example:8452/", "shipments:read", TARGET),
        ("https://API.company-b.example:8452", "shipments:read", TARGET),
        ("https://api.company-b.example", "shipments:read", TARGET),
        ("https://api.company-c.example", "shipments:read", TARGET),
        (ISSUER, "shipments:read", TARGET),
    ] {
        let assertion = world.assertion().sign();
        let mut form = good_form(&assertion);
        form.retain(|(name, _)| !matches!(*name, "resource" | "scope"));
        form.extend([("resource", resource), ("scope", scope)]);
        let outcome = world.ask(&form).await;
        if let Some(expected) = refused {
            assert_eq!(refusal(outcome), expected, "{resource} {scope}");
        } else {
            let granted = outcome.unwrap_or_else(|error| panic!("{resource} {scope}: {error}")).scope;
            assert_eq!(granted, scope.parse().unwrap(), "{resource} {scope}");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_access_uses_the_assertion_up() {
    let world = World::new().await;
    let assertion = world.assertion().sign();
    let mut form = good_form(&assertion);
    form.retain(|(name, _)| *name != "scope");
    form.push(("scope", "shipments:delete"));
    assert_eq!(refusal(world.ask(&form).await), ("invalid_scope", "scope_not_registered"));
    assert_eq!(refusal(world.present(&assertion).await), ("invalid_client", "assertion_replayed"));
}

#[tokio::test]
async fn the_token_is_one_of_rfc_9068_for_one_audience() {
    let world = World::new().await;
    let issued = world.present(&world.assertion().sign()).await.unwrap();
    assert_eq!(issued.expires_in.as_secs(), 300);
    let (keys, ignored) = KeySet::parse(bridge_jose::jwks_json([&world.signing()]).as_bytes()).unwrap();
    assert!(ignored.is_empty());
    let token = UnverifiedToken::parse(issued.access_token.expose()).unwrap();
    assert!(token.header().is(Typ::AccessToken));
    let key = keys.find(token.header().key_id()).expect("the key is published");
    let claims: AccessTokenClaims = token.verify(key).unwrap().claims().unwrap();
    let now = world.clock.now();
    assert_eq!((claims.iss.as_str(), claims.aud.as_str()), (ISSUER, AUDIENCE));
    assert_eq!((claims.sub.as_str(), claims.client_id.as_str()), (CLIENT, CLIENT));
    assert_eq!(claims.scope.to_string(), "shipments:read");
    assert_eq!((claims.iat.timestamp(), claims.exp.as_second()), (now, now.as_second() + 300));
    assert!(claims.nbf.is_none() && claims.cnf.is_none());
}

#[tokio::test]
async fn every_token_has_an_id_of_its_own() {
    let world = World::new().await;
    let first = world.present(&world.assertion().sign()).await.unwrap();
    let second = world.present(&world.assertion().sign()).await.unwrap();
    assert_ne!(first.access_token.expose(), second.access_token.expose());
}

#[tokio::test]
async fn replaced_clients_count_from_the_next_request_on() {
    let world = World::new().await;
    world.present(&world.assertion().sign()).await.unwrap();
    world.issuer.replace_clients(Clients::new([client(CLIENT, &[&world.key], &[("orders:read", OWN_API)])]).unwrap());
    assert_eq!(refusal(world.present(&world.assertion().sign()).await), ("invalid_target", "resource_not_registered"));
    world.issuer.replace_clients(Clients::default());
    assert_eq!(refusal(world.present(&world.assertion().sign()).await), ("invalid_client", "client_unknown"));
}
