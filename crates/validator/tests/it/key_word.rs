//! A partner says, through the mirror, that it has a new key.

use crate::support::{Answer, ISSUER, World, jwks_uri, settle};
use bridge_jose::{Algorithm, SigningKey, jwks_json};
use bridge_validator::Reason;
use std::time::Duration;

async fn expect(world: &World, key: &SigningKey) -> bool {
    world.policies.of(ISSUER).unwrap().keys().expect(key.kid()).await
}

fn new_key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn publish(world: &World, keys: &[&SigningKey]) {
    world.network.publish_keys(ISSUER, jwks_json(keys.iter().map(|key| key.public())));
}

async fn invent_a_key_id(world: &World) {
    let token = world.token().header("kid", "invented").sign();
    assert_eq!(world.refusal(&token).await, Some(Reason::KeyUnknown));
}

#[tokio::test]
async fn word_of_a_new_key_is_not_held_up_by_invented_key_ids() {
    let world = World::new();
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    invent_a_key_id(&world).await;
    assert_eq!(world.fetches(), 2, "the cooldown has begun");
    let new = new_key();
    publish(&world, &[&world.issuer.key, &new]);
    assert!(expect(&world, &new).await);
    assert_eq!(world.fetches(), 3);
    assert!(expect(&world, &new).await);
    assert_eq!(world.fetches(), 3, "what is held needs no look");
}

#[tokio::test]
async fn word_of_keys_that_do_not_exist_causes_one_fetch_a_second() {
    let world = World::new();
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    for second in 0..3 {
        for _ in 0..100 {
            assert!(!expect(&world, &new_key()).await);
        }
        assert_eq!(world.fetches(), 2 + second);
        world.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn an_issuer_that_fails_is_left_alone_whatever_it_says() {
    let world = World::new();
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    world.network.answer(&jwks_uri(ISSUER), Answer::Status(500));
    for _ in 0..10 {
        assert!(!expect(&world, &new_key()).await);
        world.clock.advance(Duration::from_secs(2));
    }
    settle().await;
    assert_eq!(world.fetches(), 2);
}
