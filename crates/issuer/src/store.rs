use async_trait::async_trait;
use bridge_jose::Algorithm;
use bridge_types::{ClientId, KeyId, Secret, TokenId};
use jiff::Timestamp;

/// What the issuer must not forget over a restart: its signing keys and the assertions it has already accepted.
///
/// The store crate implements this over SQLite; tests use a fake. Every method is durable when it returns `Ok`.
#[async_trait]
pub trait IssuerStore: Send + Sync + 'static {
    /// Every key of one purpose, oldest first.
    async fn keys(&self, purpose: &KeyPurpose) -> Result<Vec<StoredKey>, StoreFailure>;

    /// Keeps a new key unless the purpose already has one. `false` when another process was first: read again.
    async fn insert_first_key(&self, key: &StoredKey) -> Result<bool, StoreFailure>;

    /// Forgets a key and its private half.
    async fn delete_key(&self, kid: &KeyId) -> Result<(), StoreFailure>;

    /// Claims the ids of a batch of client assertions in ONE durable transaction (RFC 7523 §3, item 7).
    ///
    /// The answer has one value for each id, in order: `true` when it was new, `false` when it had been used before (or
    /// stands twice in the batch). On an error none of them counts as claimed and no assertion may be accepted.
    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Vec<bool>, StoreFailure>;

    /// Forgets the ids that expired before the given moment; gives their number.
    async fn purge_assertions(&self, before: Timestamp) -> Result<u64, StoreFailure>;
}

/// What a key is for. One key serves one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Signs the access tokens of the issuer.
    AccessTokens,
    /// Signs the assertions of one client of the own company.
    Client(ClientId),
}

/// A key as a store keeps it.
#[derive(Debug)]
pub struct StoredKey {
    /// RFC 7638 thumbprint.
    pub kid: KeyId,
    /// The one algorithm of this key.
    pub algorithm: Algorithm,
    /// What it signs.
    pub purpose: KeyPurpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// PKCS#8 of the private half.
    pub private: Secret<Vec<u8>>,
}

/// A client assertion that was presented: its id may not be accepted again before `remember_until`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsedAssertion {
    /// Who signed it. Two clients may use the same `jti`.
    pub client: ClientId,
    /// Its `jti`.
    pub id: TokenId,
    /// Its `exp` plus the leeway.
    pub remember_until: Timestamp,
}

/// The store could not do it. The cause goes to the log, never to a caller.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's store failed: {0}")]
pub struct StoreFailure(#[source] pub Box<dyn std::error::Error + Send + Sync>);
