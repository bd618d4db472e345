use super::change::{Change, Overtaken};
use super::record::{KeyRecord, StoredKey};
use crate::StoreFailure;
use async_trait::async_trait;

/// Where the keys of a company are kept, so that every process of it works with the same ones.
///
/// The store crate implements this over SQLite; tests use a fake.
#[async_trait]
pub trait KeyStore: Send + Sync + 'static {
    /// The keys that are neither destroyed nor revoked, oldest first, and the revision they belong to.
    async fn live_keys(&self) -> Result<LiveKeys, StoreFailure>;

    /// Every key there ever was, without private halves, oldest first.
    async fn all_keys(&self) -> Result<Vec<KeyRecord>, StoreFailure>;

    /// The revision of the keys: grows with every change, whichever process makes it.
    async fn keys_revision(&self) -> Result<i64, StoreFailure>;

    /// Takes the steps of a change, all of them in one transaction that is durable when this returns `Ok`. What a key
    /// gives up of its private half is overwritten.
    async fn change_keys(&self, change: Change) -> Result<(), ChangeError>;
}

/// The keys at one revision.
#[derive(Debug)]
pub struct LiveKeys {
    /// The revision.
    pub revision: i64,
    /// The keys, oldest first.
    pub keys: Vec<StoredKey>,
}

/// Why a change was not made. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Look again and decide anew.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}
