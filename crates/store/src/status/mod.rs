//! The status of tokens: which indices are taken, and what was revoked.

mod blocks;
mod clients;
mod lists;
mod revocations;

pub use clients::DisabledClient;
pub use revocations::RevokedTokens;

use crate::changes::revision;
use crate::{Database, StoreError, Topic};
use async_trait::async_trait;
use bridge_issuer::{BlockId, BlockWanted, ListRevision, ReservedBlock, Standing, StatusStore, StoreFailure};
use jiff::Timestamp;
use sqlx::Connection as _;
use tokio::sync::watch;

#[async_trait]
impl StatusStore for Database {
    async fn reserve_blocks(
        &self,
        wanted: &[BlockWanted],
        used_until: Timestamp,
    ) -> Result<Vec<Option<ReservedBlock>>, StoreFailure> {
        let now = self.clock().now();
        let mut writer = self.writer().await?;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::from)?;
        let mut reserved = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            reserved.push(blocks::reserve(&mut transaction, wanted, used_until, now).await?);
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(reserved)
    }

    async fn hold_blocks(&self, held: &[BlockId], used_until: Timestamp) -> Result<(), StoreFailure> {
        if held.is_empty() {
            return Ok(());
        }
        Ok(blocks::hold(&mut *self.writer().await?, held, used_until).await?)
    }

    async fn standing(&self, held: &[BlockId]) -> Result<Standing, StoreFailure> {
        let mut reader = self.read().await?;
        let mut moment = reader.begin().await.map_err(StoreError::from)?;
        let revision = revision(&mut moment, Topic::Clients).await?;
        let limits = clients::limits(&mut moment).await?;
        let revoked = blocks::revoked_among(&mut moment, held).await?;
        Ok(Standing { revision, limits, revoked })
    }

    async fn status_lists(&self) -> Result<Vec<ListRevision>, StoreFailure> {
        Ok(lists::all(&mut *self.read().await?).await?)
    }

    async fn status_bits(&self, list: u64) -> Result<Vec<u8>, StoreFailure> {
        let mut reader = self.read().await?;
        let mut moment = reader.begin().await.map_err(StoreError::from)?;
        Ok(lists::bits(&mut moment, list).await?)
    }

    async fn retire_status_lists(&self, unused_since: Timestamp) -> Result<u64, StoreFailure> {
        if lists::retirable(&mut *self.read().await?, unused_since).await?.is_empty() {
            return Ok(0);
        }
        let mut writer = self.writer().await?;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::from)?;
        let retired = lists::retire(&mut transaction, unused_since).await?;
        clients::forget_cutoffs(&mut transaction, unused_since).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(retired)
    }

    fn client_changes(&self) -> watch::Receiver<i64> {
        self.watch(Topic::Clients)
    }

    fn list_changes(&self) -> watch::Receiver<i64> {
        self.watch(Topic::StatusLists)
    }
}

/// A number that the store keeps as 64 bits with a sign and that is never negative.
fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::unreadable("number", number))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
