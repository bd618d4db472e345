use crate::support::{FakeStore, ISSUER, World, ring, stores};
use async_trait::async_trait;
use bridge_issuer::{
    Change, Clients, EmbeddedKeys, Issuer, IssuerConfig, KeyBackend, KeyBackendFailure, KeyPurpose, KeyRing, KeyState,
    KeyStore, NewKey, StartError, Step,
};
use bridge_jose::{Algorithm, PublicJwk, SigningKey};
use bridge_testkit::ManualClock;
use bridge_types::{Clock, KeyId, Secret};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const PURPOSE: KeyPurpose = KeyPurpose::AccessTokens;

async fn start(store: &Arc<FakeStore>, algorithm: Algorithm) -> Result<Arc<Issuer>, StartError> {
    let config = IssuerConfig::new(ISSUER.parse().unwrap(), algorithm, IssuerConfig::DEFAULT_LIFETIME).unwrap();
    let clock = Arc::new(ManualClock::default());
    let ring = KeyRing::open(store.clone(), Arc::new(EmbeddedKeys::default()), clock.clone()).await?;
    Issuer::start(config, stores(store), ring, Clients::default(), clock).await
}

fn signing(issuer: &Issuer) -> PublicJwk {
    issuer.ring().snapshot().signing().unwrap().clone()
}

#[tokio::test]
async fn the_signing_key_is_made_once_and_survives_a_restart() {
    let mut world = World::new().await;
    let made = world.signing();
    world.restart().await;
    assert_eq!(world.signing(), made);
    assert_eq!(world.issuer.ring().snapshot().iter().count(), 1);
    world.present(&world.assertion().sign()).await.unwrap();
}

#[tokio::test]
async fn processes_that_start_together_share_the_key_of_the_first() {
    let store = Arc::new(FakeStore::default());
    let clock = Arc::new(ManualClock::default());
    let rings = [ring(&store, &clock).await, ring(&store, &clock).await, ring(&store, &clock).await];
    let ensured = futures_util::future::join_all(rings.iter().map(|ring| ring.ensure(&PURPOSE, Algorithm::Es256)));
    assert!(ensured.await.iter().all(Result::is_ok));
    let first = rings[0].snapshot().signing().cloned();
    assert!(first.is_some());
    for ring in &rings {
        assert_eq!(ring.snapshot().signing().cloned(), first);
        assert_eq!(ring.snapshot().iter().count(), 1);
    }
}

#[tokio::test]
async fn every_algorithm_can_sign_access_tokens() {
    for algorithm in Algorithm::ALL {
        let issuer = start(&Arc::new(FakeStore::default()), algorithm).await.unwrap();
        assert_eq!(signing(&issuer).algorithm(), algorithm);
    }
}

#[tokio::test]
async fn another_algorithm_in_the_configuration_asks_for_a_rotation_and_the_old_one_takes_that_back() {
    let store = Arc::new(FakeStore::default());
    let key = signing(&start(&store, Algorithm::Es256).await.unwrap());
    for (configured, wanted) in [
        (Algorithm::EdDsa, Some(Algorithm::EdDsa)),
        (Algorithm::EdDsa, Some(Algorithm::EdDsa)),
        (Algorithm::Ps256, Some(Algorithm::Ps256)),
        (Algorithm::Es256, None),
        (Algorithm::Es256, None),
    ] {
        let issuer = start(&store, configured).await.unwrap();
        let keys = issuer.ring().snapshot();
        let active = keys.active(&PURPOSE).unwrap();
        assert_eq!(active.public, key, "the key that there is goes on signing");
        assert_eq!(active.request.map(|request| request.algorithm), wanted);
    }
}

#[tokio::test]
async fn refuses_to_start_without_a_store_or_with_a_key_that_is_not_what_its_name_says() {
    let store = Arc::new(FakeStore::default());
    store.failing.store(true, Ordering::SeqCst);
    assert!(matches!(start(&store, Algorithm::Es256).await, Err(StartError::Keys(_))));
    store.failing.store(false, Ordering::SeqCst);

    let [key, other] = [(); 2].map(|()| SigningKey::generate(Algorithm::Es256).unwrap());
    for private in [None, Some(Secret::new(key.to_pkcs8().expose().clone()))] {
        let store = Arc::new(FakeStore::default());
        let found = Step::Found(NewKey { public: other.public().clone(), private });
        let change = Change { purpose: PURPOSE, at: ManualClock::default().now(), steps: vec![found] };
        store.change_keys(change).await.unwrap();
        assert!(matches!(start(&store, Algorithm::Es256).await, Err(StartError::Keys(_))));
    }
}

/// A backend that can be told to sign nothing.
#[derive(Default)]
struct Moody {
    keys: EmbeddedKeys,
    sulking: AtomicBool,
}

#[async_trait]
impl KeyBackend for Moody {
    async fn generate(&self, algorithm: Algorithm) -> Result<NewKey, KeyBackendFailure> {
        self.keys.generate(algorithm).await
    }

    async fn hold(&self, key: &PublicJwk, private: Option<Secret<Vec<u8>>>) -> Result<(), KeyBackendFailure> {
        self.keys.hold(key, private).await
    }

    async fn sign(&self, kid: &KeyId, message: &[u8]) -> Result<Vec<u8>, KeyBackendFailure> {
        if self.sulking.load(Ordering::SeqCst) {
            return Err(KeyBackendFailure("no".into()));
        }
        self.keys.sign(kid, message).await
    }
}

#[tokio::test]
async fn a_backend_that_cannot_sign_makes_the_endpoint_unavailable() {
    let world = World::new().await;
    let backend = Arc::new(Moody::default());
    let ring = KeyRing::open(world.store.clone(), backend.clone(), world.clock.clone()).await.unwrap();
    let config = world.issuer.config().clone();
    let clients = Clients::clone(&world.issuer.clients());
    let issuer = Issuer::start(config, stores(&world.store), ring, clients, world.clock.clone()).await.unwrap();
    let world = World { issuer, ..world };
    world.present(&world.assertion().sign()).await.unwrap();
    backend.sulking.store(true, Ordering::SeqCst);
    let error = world.present(&world.assertion().sign()).await.unwrap_err();
    assert_eq!((error.answer().0.as_u16(), error.detail()), (503, "key_backend_failed"));
    let keys = world.issuer.ring().snapshot();
    assert_eq!(keys.active(&PURPOSE).unwrap().state, KeyState::Active);
}
