//! The status of tokens, shared by several issuers as a database would be, and made to fail or to take its time.

use async_trait::async_trait;
use bridge_issuer::{
    BlockId, BlockWanted, ListRevision, ReservedBlock, RevocationOutcome, RevokeToken, Standing, StatusInMemory,
    StatusStore, StoreFailure, TokenToRevoke,
};
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::watch;

pub(crate) struct FakeStatus {
    pub(crate) kept: StatusInMemory,
    pub(crate) failing: AtomicBool,
    pub(crate) reservations: AtomicUsize,
    open: watch::Sender<bool>,
}

impl Default for FakeStatus {
    fn default() -> Self {
        Self {
            kept: StatusInMemory::default(),
            failing: AtomicBool::default(),
            reservations: AtomicUsize::default(),
            open: watch::Sender::new(true),
        }
    }
}

impl FakeStatus {
    /// Makes every reservation wait until [`Self::release`].
    pub(crate) fn hold(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.open.send_replace(true);
    }

    pub(crate) fn revoke_client(&self, client: &str, second: i64) {
        self.kept.revoke_tokens_of(&client.parse().unwrap(), second);
    }

    pub(crate) fn enable(&self, client: &str, enabled: bool) {
        self.kept.enable_client(&client.parse().unwrap(), enabled);
    }

    fn answer(&self) -> Result<&StatusInMemory, StoreFailure> {
        if self.failing.load(Ordering::SeqCst) { Err(StoreFailure("disk full".into())) } else { Ok(&self.kept) }
    }
}

#[async_trait]
impl StatusStore for FakeStatus {
    async fn reserve_blocks(
        &self,
        wanted: &[BlockWanted],
        used_until: Timestamp,
    ) -> Result<Vec<Option<ReservedBlock>>, StoreFailure> {
        self.reservations.fetch_add(1, Ordering::SeqCst);
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        self.answer()?.reserve_blocks(wanted, used_until).await
    }

    async fn hold_blocks(&self, blocks: &[BlockId], used_until: Timestamp) -> Result<(), StoreFailure> {
        self.answer()?.hold_blocks(blocks, used_until).await
    }

    async fn standing(&self, held: &[BlockId]) -> Result<Standing, StoreFailure> {
        self.answer()?.standing(held).await
    }

    async fn status_lists(&self) -> Result<Vec<ListRevision>, StoreFailure> {
        self.answer()?.status_lists().await
    }

    async fn status_bits(&self, list: u64) -> Result<Vec<u8>, StoreFailure> {
        self.answer()?.status_bits(list).await
    }

    async fn retire_status_lists(&self, unused_since: Timestamp) -> Result<u64, StoreFailure> {
        self.answer()?.retire_status_lists(unused_since).await
    }

    fn client_changes(&self) -> watch::Receiver<i64> {
        self.kept.client_changes()
    }

    fn list_changes(&self) -> watch::Receiver<i64> {
        self.kept.list_changes()
    }
}

#[async_trait]
impl RevokeToken for FakeStatus {
    async fn revoke_token(&self, token: &TokenToRevoke) -> Result<RevocationOutcome, StoreFailure> {
        self.answer()?.revoke_token(token).await
    }
}
