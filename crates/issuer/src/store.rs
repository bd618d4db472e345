use async_trait::async_trait;
use bridge_types::{ClientId, TokenId};
use jiff::Timestamp;

/// What the issuer must not forget over a restart besides its keys: the assertions it has already accepted.
///
/// The store crate implements this over SQLite; tests use a fake. Every method is durable when it returns `Ok`.
#[async_trait]
pub trait IssuerStore: Send + Sync + 'static {
    /// Claims the ids of a batch of client assertions in ONE durable transaction (RFC 7523 §3, item 7).
    ///
    /// On an error none of them counts as claimed and no assertion may be accepted.
    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Claims, StoreFailure>;

    /// Forgets the ids that expired before the given moment; gives their number.
    async fn purge_assertions(&self, before: Timestamp) -> Result<u64, StoreFailure>;
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

/// What came of a batch of claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// For each id, in order: true when it was new, false when it had been used before (or stands twice in the batch).
    pub new: Vec<bool>,
    /// Of no meaning when none of the ids was new.
    pub revisions: Revisions,
}

/// How new the state is on which a token may be made, read in the transaction that claimed its assertion.
///
/// Whatever was revoked before that transaction is known to whoever looks at a state at least as new, in every process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Of the keys (see [`crate::KeyStore::keys_revision`]).
    pub keys: i64,
    /// Of what was decided about clients.
    pub clients: i64,
}

/// The store could not do it. The cause goes to the log, never to a caller.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's store failed: {0}")]
pub struct StoreFailure(#[source] pub Box<dyn std::error::Error + Send + Sync>);
