use async_trait::async_trait;
use bridge_jose::SigningKey;
use bridge_types::ClientId;

/// Where a company keeps the key pairs that its own clients make for themselves.
#[async_trait]
pub trait CredentialStore: Send + Sync + 'static {
    /// The key pair of a client, if it has one.
    async fn client_key(&self, client: &ClientId) -> Result<Option<SigningKey>, CredentialStoreFailure>;

    /// Keeps a new key pair unless the client already has one. `false` when another process was first: read again.
    async fn insert_client_key(&self, client: &ClientId, key: &SigningKey) -> Result<bool, CredentialStoreFailure>;
}

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
#[error("the store of client key pairs failed: {0}")]
pub struct CredentialStoreFailure(#[source] pub Box<dyn std::error::Error + Send + Sync>);
