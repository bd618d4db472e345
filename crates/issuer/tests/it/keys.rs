use crate::support::{FakeStore, ISSUER, World};
use bridge_issuer::{
    Clients, EmbeddedKeys, Issuer, IssuerConfig, IssuerStore, KeyBackend, KeyPurpose, StartError, StoredKey,
};
use bridge_jose::{Algorithm, KeySet, PublicJwk, SigningKey};
use bridge_testkit::ManualClock;
use bridge_types::Secret;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const PURPOSE: KeyPurpose = KeyPurpose::AccessTokens;

fn backend(store: &Arc<FakeStore>) -> Arc<EmbeddedKeys> {
    Arc::new(EmbeddedKeys::new(store.clone(), Arc::new(ManualClock::default())))
}

async fn start(store: &Arc<FakeStore>, algorithm: Algorithm) -> Result<Arc<Issuer>, StartError> {
    let config = IssuerConfig::new(ISSUER.parse().unwrap(), algorithm, IssuerConfig::DEFAULT_LIFETIME).unwrap();
    let clock = Arc::new(ManualClock::default());
    Issuer::start(config, store.clone(), backend(store), Clients::default(), clock).await
}

#[tokio::test]
async fn the_signing_key_is_made_once_and_survives_a_restart() {
    let mut world = World::new().await;
    let made = world.issuer.public_keys().to_vec();
    assert_eq!(made.len(), 1);
    world.restart().await;
    assert_eq!(world.issuer.public_keys(), made);
    world.present(&world.assertion().sign()).await.unwrap();
}

#[tokio::test]
async fn two_processes_that_start_together_share_the_key_of_the_first() {
    let store = Arc::new(FakeStore::default());
    let (one, other) = (backend(&store), backend(&store));
    let first = one.create(Algorithm::Es256, &PURPOSE).await.unwrap();
    let second = other.create(Algorithm::Es256, &PURPOSE).await.unwrap();
    assert_eq!(first, second);
    let signature = other.sign(first.kid(), b"message").await.expect("the second process can sign with it");
    let set = KeySet::from_jwks([&first]).unwrap();
    set.find(first.kid()).unwrap().verify_signature(b"message", &signature).unwrap();
}

#[tokio::test]
async fn every_algorithm_can_sign_access_tokens() {
    for algorithm in Algorithm::ALL {
        let issuer = start(&Arc::new(FakeStore::default()), algorithm).await.unwrap();
        assert_eq!(issuer.public_keys().iter().map(PublicJwk::algorithm).collect::<Vec<_>>(), [algorithm]);
    }
}

#[tokio::test]
async fn refuses_to_start_with_a_key_of_another_algorithm() {
    let store = Arc::new(FakeStore::default());
    start(&store, Algorithm::Es256).await.unwrap();
    let error = start(&store, Algorithm::EdDsa).await.unwrap_err();
    assert_eq!(error.to_string(), "signing key has another algorithm: expected EdDSA, found ES256");
}

#[tokio::test]
async fn refuses_to_start_without_a_store_or_with_a_key_that_is_not_what_its_name_says() {
    let store = Arc::new(FakeStore::default());
    store.failing.store(true, Ordering::SeqCst);
    assert!(matches!(start(&store, Algorithm::Es256).await, Err(StartError::Keys(_))));
    store.failing.store(false, Ordering::SeqCst);

    let (key, other) =
        (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let private = Secret::new(key.to_pkcs8().expose().clone());
    let kid = other.kid().clone();
    let stored =
        StoredKey { kid, algorithm: Algorithm::Es256, purpose: PURPOSE, created_at: Timestamp::UNIX_EPOCH, private };
    assert!(store.insert_first_key(&stored).await.unwrap());
    assert!(matches!(start(&store, Algorithm::Es256).await, Err(StartError::Keys(_))));
}

#[tokio::test]
async fn a_destroyed_key_signs_nothing_and_gives_no_token() {
    let world = World::new().await;
    let backend = backend(&world.store);
    let key = backend.keys(&PURPOSE).await.unwrap().remove(0);
    backend.sign(key.kid(), b"message").await.unwrap();
    backend.destroy(key.kid()).await.unwrap();
    assert!(backend.sign(key.kid(), b"message").await.is_err());
    assert!(backend.keys(&PURPOSE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_backend_that_cannot_sign_makes_the_endpoint_unavailable() {
    let world = World::new().await;
    let backend = backend(&world.store);
    let config = IssuerConfig::new(ISSUER.parse().unwrap(), Algorithm::Es256, IssuerConfig::DEFAULT_LIFETIME).unwrap();
    let clients = Clients::clone(&world.issuer.clients());
    let issuer =
        Issuer::start(config, world.store.clone(), backend.clone(), clients, world.clock.clone()).await.unwrap();
    backend.destroy(issuer.public_keys()[0].kid()).await.unwrap();
    let world = World { issuer, ..world };
    let error = world.present(&world.assertion().sign()).await.unwrap_err();
    assert_eq!((error.answer().0.as_u16(), error.detail()), (503, "key_backend_failed"));
}
