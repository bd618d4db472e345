use crate::{IssuerStore, KeyBackend, KeyBackendFailure, KeyPurpose, StoreFailure, StoredKey};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use bridge_jose::{Algorithm, KeyError, PublicJwk, SignError, SigningKey};
use bridge_types::{Clock, KeyId, Secret};
use std::collections::HashMap;
use std::sync::Arc;

/// Keys whose private halves stand in the issuer's store. Each is prepared once and then kept in memory, so that a
/// signature costs no look-up elsewhere and no change of thread.
pub struct EmbeddedKeys {
    store: Arc<dyn IssuerStore>,
    clock: Arc<dyn Clock>,
    prepared: ArcSwap<HashMap<KeyId, SigningKey>>,
}

impl EmbeddedKeys {
    /// The keys of this store. Nothing is read yet.
    pub fn new(store: Arc<dyn IssuerStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, prepared: ArcSwap::default() }
    }

    fn keep(&self, key: &SigningKey) {
        self.prepared.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.insert(key.kid().clone(), key.clone());
            keys
        });
    }

    async fn load(&self, purpose: &KeyPurpose) -> Result<Vec<SigningKey>, Trouble> {
        let stored = self.store.keys(purpose).await?;
        let keys = stored.into_iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
        for key in &keys {
            self.keep(key);
        }
        Ok(keys)
    }

    async fn create_first(&self, algorithm: Algorithm, purpose: &KeyPurpose) -> Result<PublicJwk, Trouble> {
        let key = SigningKey::generate(algorithm).map_err(Trouble::Generate)?;
        let record = StoredKey {
            kid: key.kid().clone(),
            algorithm,
            purpose: purpose.clone(),
            created_at: self.clock.now(),
            private: Secret::new(key.to_pkcs8().expose().clone()),
        };
        if self.store.insert_first_key(&record).await? {
            self.keep(&key);
            tracing::info!(target: "bridge", event = "key_created", kid = %key.kid(), "signing key made");
            return Ok(key.public().clone());
        }
        let first = self.load(purpose).await?.into_iter().next().ok_or(Trouble::Vanished)?;
        Ok(first.public().clone())
    }
}

impl std::fmt::Debug for EmbeddedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.prepared.load().keys()).finish()
    }
}

#[async_trait]
impl KeyBackend for EmbeddedKeys {
    async fn keys(&self, purpose: &KeyPurpose) -> Result<Vec<PublicJwk>, KeyBackendFailure> {
        let keys = self.load(purpose).await?;
        Ok(keys.iter().map(|key| key.public().clone()).collect())
    }

    async fn create(&self, algorithm: Algorithm, purpose: &KeyPurpose) -> Result<PublicJwk, KeyBackendFailure> {
        Ok(self.create_first(algorithm, purpose).await?)
    }

    async fn sign(&self, kid: &KeyId, message: &[u8]) -> Result<Vec<u8>, KeyBackendFailure> {
        let keys = self.prepared.load();
        let key = keys.get(kid).ok_or_else(|| Trouble::Unknown(kid.clone()))?;
        Ok(key.sign(message).map_err(Trouble::Sign)?)
    }

    async fn destroy(&self, kid: &KeyId) -> Result<(), KeyBackendFailure> {
        self.store.delete_key(kid).await.map_err(Trouble::Store)?;
        self.prepared.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.remove(kid);
            keys
        });
        Ok(())
    }
}

/// Makes a stored key ready to sign. A key that is not the one its name says is not used.
fn prepare(stored: StoredKey) -> Result<SigningKey, Trouble> {
    let StoredKey { kid, algorithm, private, .. } = stored;
    match SigningKey::from_pkcs8(algorithm, private) {
        Ok(key) if *key.kid() == kid => Ok(key),
        Ok(_) => Err(Trouble::Unusable { kid, reason: KeyError::Material }),
        Err(reason) => Err(Trouble::Unusable { kid, reason }),
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error("no key can be made: {0}")]
    Generate(#[source] KeyError),
    #[error("stored key {kid} cannot be used: {reason}")]
    Unusable {
        kid: KeyId,
        #[source]
        reason: KeyError,
    },
    #[error("no key {0} is held")]
    Unknown(KeyId),
    #[error("the store refused a first key but has none")]
    Vanished,
    #[error(transparent)]
    Sign(SignError),
}

impl From<Trouble> for KeyBackendFailure {
    fn from(trouble: Trouble) -> Self {
        Self(trouble.into())
    }
}
