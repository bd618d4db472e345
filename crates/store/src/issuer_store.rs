use crate::{Database, StoreError, used_assertions};
use async_trait::async_trait;
use bridge_issuer::{Claims, IssuerStore, StoreFailure, UsedAssertion};
use jiff::Timestamp;

#[async_trait]
impl IssuerStore for Database {
    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Claims, StoreFailure> {
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
