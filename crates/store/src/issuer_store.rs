use crate::{Database, StoreError, signing_keys, used_assertions};
use async_trait::async_trait;
use bridge_issuer::{IssuerStore, KeyPurpose, StoreFailure, StoredKey, UsedAssertion};
use bridge_types::KeyId;
use jiff::Timestamp;

#[async_trait]
impl IssuerStore for Database {
    async fn keys(&self, purpose: &KeyPurpose) -> Result<Vec<StoredKey>, StoreFailure> {
        signing_keys::of_purpose(&mut *self.read().await?, purpose).await.map_err(StoreFailure::from)
    }

    async fn insert_first_key(&self, key: &StoredKey) -> Result<bool, StoreFailure> {
        signing_keys::insert_first(&mut *self.writer().await?, key).await.map_err(StoreFailure::from)
    }

    async fn delete_key(&self, kid: &KeyId) -> Result<(), StoreFailure> {
        signing_keys::delete(&mut *self.writer().await?, kid).await?;
        self.forget_log().await.map_err(StoreFailure::from)
    }

    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Vec<bool>, StoreFailure> {
        used_assertions::claim(&mut *self.writer().await?, batch).await.map_err(StoreFailure::from)
    }

    async fn purge_assertions(&self, before: Timestamp) -> Result<u64, StoreFailure> {
        used_assertions::purge(&mut *self.writer().await?, before).await.map_err(StoreFailure::from)
    }
}

impl From<StoreError> for StoreFailure {
    fn from(error: StoreError) -> Self {
        Self(Box::new(error))
    }
}
