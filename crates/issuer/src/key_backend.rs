use crate::KeyPurpose;
use async_trait::async_trait;
use bridge_jose::{Algorithm, PublicJwk};
use bridge_types::KeyId;

/// Where the private halves of signing keys live. They never come out: the issuer asks for signatures.
///
/// [`crate::EmbeddedKeys`] keeps them in the issuer's store. The trait is the seam for a sealed store and for a service
/// that signs remotely.
#[async_trait]
pub trait KeyBackend: Send + Sync + 'static {
    /// The public halves of every key of one purpose, oldest first.
    async fn keys(&self, purpose: &KeyPurpose) -> Result<Vec<PublicJwk>, KeyBackendFailure>;

    /// Makes the first key of a purpose and gives its public half. When another process was first, gives its key, which
    /// may have another algorithm.
    async fn create(&self, algorithm: Algorithm, purpose: &KeyPurpose) -> Result<PublicJwk, KeyBackendFailure>;

    /// The raw JWS signature (RFC 7515 §5.1, step 5) of a message by one key.
    async fn sign(&self, kid: &KeyId, message: &[u8]) -> Result<Vec<u8>, KeyBackendFailure>;

    /// Destroys a key and its private half. Tokens that it signed stay valid until its public half is forgotten too.
    async fn destroy(&self, kid: &KeyId) -> Result<(), KeyBackendFailure>;
}

/// The backend could not do it. The cause goes to the log, never to a caller.
#[derive(Debug, thiserror::Error)]
#[error("the key backend failed: {0}")]
pub struct KeyBackendFailure(#[source] pub Box<dyn std::error::Error + Send + Sync>);
