use crate::NewKey;
use async_trait::async_trait;
use bridge_jose::{Algorithm, PublicJwk};
use bridge_types::{KeyId, Secret};

/// Where the private halves of the issuer's keys work. They never come out: the issuer asks for signatures.
///
/// [`crate::EmbeddedKeys`] has them in memory and lets the issuer's store keep them. The trait is the seam for a service
/// that signs remotely.
#[async_trait]
pub trait KeyBackend: Send + Sync + 'static {
    /// Makes a key pair that nobody knows of yet.
    async fn generate(&self, algorithm: Algorithm) -> Result<NewKey, KeyBackendFailure>;

    /// From now on this key signs, and no other: this process forgets the private half of every other one.
    async fn hold(&self, key: &PublicJwk, private: Option<Secret<Vec<u8>>>) -> Result<(), KeyBackendFailure>;

    /// The raw JWS signature (RFC 7515 §5.1, step 5) of a message by the key that is held, if it is this one.
    async fn sign(&self, kid: &KeyId, message: &[u8]) -> Result<Vec<u8>, KeyBackendFailure>;
}

/// The backend could not do it. The cause goes to the log, never to a caller.
#[derive(Debug, thiserror::Error)]
#[error("the key backend failed: {0}")]
pub struct KeyBackendFailure(#[source] pub Box<dyn std::error::Error + Send + Sync>);
