use async_trait::async_trait;
use bridge_client::{Credential, CredentialError, CredentialStore, CredentialStoreFailure};
use bridge_jose::{Algorithm, SigningKey};
use bridge_types::ClientId;
use std::collections::HashMap;
use std::sync::Mutex;

/// A store in memory. With a rival, another process puts its key in at the last moment; with a thief, it vanishes again.
#[derive(Default)]
struct FakeStore {
    keys: Mutex<HashMap<ClientId, SigningKey>>,
    rival: Option<SigningKey>,
    thief: bool,
    broken: bool,
}

#[async_trait]
impl CredentialStore for FakeStore {
    async fn client_key(&self, client: &ClientId) -> Result<Option<SigningKey>, CredentialStoreFailure> {
        if self.broken {
            return Err(CredentialStoreFailure("disk full".into()));
        }
        Ok(self.keys.lock().unwrap().get(client).cloned())
    }

    async fn insert_client_key(&self, client: &ClientId, key: &SigningKey) -> Result<bool, CredentialStoreFailure> {
        if self.thief {
            return Ok(false);
        }
        let mut keys = self.keys.lock().unwrap();
        if let Some(rival) = &self.rival {
            keys.insert(client.clone(), rival.clone());
            return Ok(false);
        }
        Ok(keys.insert(client.clone(), key.clone()).is_none())
    }
}

async fn load(store: &FakeStore, algorithm: Algorithm) -> Result<Credential, CredentialError> {
    Credential::load_or_create(store, "order-service".parse().unwrap(), algorithm).await
}

#[tokio::test]
async fn a_client_makes_its_key_pair_once() {
    let store = FakeStore::default();
    let first = load(&store, Algorithm::Es256).await.unwrap();
    let second = load(&store, Algorithm::EdDsa).await.unwrap();
    assert_eq!(first.public(), second.public());
    assert_eq!(first.public().algorithm(), Algorithm::Es256);
}

#[tokio::test]
async fn of_two_processes_that_start_together_the_second_uses_the_key_of_the_first() {
    let rival = SigningKey::generate(Algorithm::Es256).unwrap();
    let store = FakeStore { rival: Some(rival.clone()), ..FakeStore::default() };
    assert_eq!(load(&store, Algorithm::Es256).await.unwrap().public(), rival.public());
}

#[tokio::test]
async fn a_store_that_fails_or_forgets_is_an_error() {
    let broken = load(&FakeStore { broken: true, ..FakeStore::default() }, Algorithm::Es256).await.unwrap_err();
    assert_eq!(broken.to_string(), "the store of client key pairs failed: disk full");
    let thief = load(&FakeStore { thief: true, ..FakeStore::default() }, Algorithm::Es256).await.unwrap_err();
    assert!(matches!(thief, CredentialError::Vanished(_)), "{thief}");
}
