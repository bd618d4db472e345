use crate::{KeyBackend, KeyBackendFailure, NewKey};
use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use bridge_jose::{Algorithm, KeyError, PublicJwk, SignError, SigningKey};
use bridge_types::{KeyId, Secret};
use std::sync::Arc;

/// The issuer's key in the memory of this process, its private half kept by the issuer's store. It is prepared once, so
/// that a signature costs no look-up elsewhere and no change of thread.
#[derive(Debug, Default)]
pub struct EmbeddedKeys {
    held: ArcSwapOption<SigningKey>,
}

#[async_trait]
impl KeyBackend for EmbeddedKeys {
    async fn generate(&self, algorithm: Algorithm) -> Result<NewKey, KeyBackendFailure> {
        Ok(generate(algorithm).await?)
    }

    async fn hold(&self, key: &PublicJwk, private: Option<Secret<Vec<u8>>>) -> Result<(), KeyBackendFailure> {
        let held = self.held.load();
        if held.as_ref().is_none_or(|held| held.kid() != key.kid()) {
            self.held.store(Some(Arc::new(prepare(key, private)?)));
        }
        Ok(())
    }

    async fn sign(&self, kid: &KeyId, message: &[u8]) -> Result<Vec<u8>, KeyBackendFailure> {
        let held = self.held.load();
        let key = held.as_ref().filter(|key| key.kid() == kid).ok_or_else(|| Trouble::Unknown(kid.clone()))?;
        Ok(key.sign(message).map_err(Trouble::Sign)?)
    }
}

/// A new key pair whose private half the store keeps. Away from the tasks that serve: RSA takes its time.
pub(crate) async fn generate(algorithm: Algorithm) -> Result<NewKey, Trouble> {
    let made = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
    let key = made.map_err(|_| KeyError::Generation).flatten().map_err(Trouble::Generate)?;
    let private = Some(Secret::new(key.to_pkcs8().expose().clone()));
    Ok(NewKey { public: key.public().clone(), private })
}

/// Makes a stored key ready to sign. A key that is not the one its name says is not used.
pub(crate) fn prepare(public: &PublicJwk, private: Option<Secret<Vec<u8>>>) -> Result<SigningKey, Trouble> {
    let unusable = |reason| Trouble::Unusable { kid: public.kid().clone(), reason };
    let private = private.ok_or_else(|| unusable(KeyError::Material))?;
    let key = SigningKey::from_pkcs8(public.algorithm(), private).map_err(unusable)?;
    if key.public() == public { Ok(key) } else { Err(unusable(KeyError::Material)) }
}

/// What can be wrong with a key in memory.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
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
    #[error(transparent)]
    Sign(SignError),
}

impl From<Trouble> for KeyBackendFailure {
    fn from(trouble: Trouble) -> Self {
        Self(trouble.into())
    }
}
