use super::{
    BlockId, BlockWanted, ClientLimits, LIST_SIZE, ListRevision, ReservedBlock, RevocationOutcome, RevokeToken,
    Standing, StatusStore, TokenToRevoke,
};
use crate::StoreFailure;
use async_trait::async_trait;
use bridge_types::ClientId;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The status of tokens that is forgotten with the process: for tests, and for an issuer that needs no memory. It has one
/// list, and hands out no more indices than that has.
#[derive(Debug, Default)]
pub struct StatusInMemory {
    kept: Mutex<Kept>,
    clients: watch::Sender<i64>,
    lists: watch::Sender<i64>,
}

#[derive(Debug)]
struct Kept {
    next: u32,
    blocks: Vec<KeptBlock>,
    limits: ClientLimits,
    bits: Vec<u8>,
}

#[derive(Debug)]
struct KeptBlock {
    id: BlockId,
    size: u32,
    client: ClientId,
    revoked: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self { next: 0, blocks: Vec::new(), limits: ClientLimits::default(), bits: vec![0; LIST_SIZE as usize / 8] }
    }
}

impl StatusInMemory {
    /// The blocks of a client, in the order of reservation: first index and size.
    pub fn blocks_of(&self, client: &str) -> Vec<(u32, u32)> {
        let kept = self.kept();
        let of_client = kept.blocks.iter().filter(|block| block.client.as_str() == client);
        of_client.map(|block| (block.id.first, block.size)).collect()
    }

    /// Revokes every token that a client got up to and including this second.
    pub fn revoke_tokens_of(&self, client: &ClientId, until: i64) {
        let mut kept = self.kept();
        let Kept { blocks, limits, bits, .. } = &mut *kept;
        for block in blocks.iter_mut().filter(|block| block.client == *client) {
            block.revoked = true;
            for idx in block.id.first..block.id.first + block.size {
                set(bits, u64::from(idx));
            }
        }
        limits.not_before.insert(client.clone(), until + 1);
        drop(kept);
        self.clients.send_modify(|revision| *revision += 1);
        self.touch_lists();
    }

    /// Lets a client get tokens, or no more of them.
    pub fn enable_client(&self, client: &ClientId, enabled: bool) {
        let mut kept = self.kept();
        if enabled {
            kept.limits.disabled.remove(client);
        } else {
            kept.limits.disabled.insert(client.clone());
        }
        drop(kept);
        self.clients.send_modify(|revision| *revision += 1);
    }

    /// How often something was decided about clients: what [`crate::Revisions::clients`] is to be read from.
    pub fn clients_revision(&self) -> i64 {
        *self.clients.borrow()
    }

    /// Has issuers look at the lists again.
    pub fn touch_lists(&self) {
        self.lists.send_modify(|revision| *revision += 1);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl StatusStore for StatusInMemory {
    async fn reserve_blocks(
        &self,
        wanted: &[BlockWanted],
        _: Timestamp,
    ) -> Result<Vec<Option<ReservedBlock>>, StoreFailure> {
        let mut kept = self.kept();
        let mut reserved = Vec::with_capacity(wanted.len());
        for BlockWanted { client, size } in wanted {
            if kept.limits.disabled.contains(client) {
                reserved.push(None);
                continue;
            }
            let id = BlockId { list: 1, first: kept.next };
            kept.next = kept.next.checked_add(*size).filter(|next| *next <= LIST_SIZE).ok_or_else(used_up)?;
            kept.blocks.push(KeptBlock { id, size: *size, client: client.clone(), revoked: false });
            reserved.push(Some(ReservedBlock { id, early: false }));
        }
        Ok(reserved)
    }

    async fn hold_blocks(&self, _: &[BlockId], _: Timestamp) -> Result<(), StoreFailure> {
        Ok(())
    }

    async fn standing(&self, held: &[BlockId]) -> Result<Standing, StoreFailure> {
        let revision = self.clients_revision();
        let kept = self.kept();
        let revoked = kept.blocks.iter().filter(|block| block.revoked && held.contains(&block.id));
        Ok(Standing { revision, limits: kept.limits.clone(), revoked: revoked.map(|block| block.id).collect() })
    }

    async fn status_lists(&self) -> Result<Vec<ListRevision>, StoreFailure> {
        Ok(vec![ListRevision { number: 1, revision: *self.lists.borrow() }])
    }

    async fn status_bits(&self, _: u64) -> Result<Vec<u8>, StoreFailure> {
        Ok(self.kept().bits.clone())
    }

    async fn retire_status_lists(&self, _: Timestamp) -> Result<u64, StoreFailure> {
        Ok(0)
    }

    fn client_changes(&self) -> watch::Receiver<i64> {
        self.clients.subscribe()
    }

    fn list_changes(&self) -> watch::Receiver<i64> {
        self.lists.subscribe()
    }
}

#[async_trait]
impl RevokeToken for StatusInMemory {
    async fn revoke_token(&self, token: &TokenToRevoke) -> Result<RevocationOutcome, StoreFailure> {
        let outcome = set(&mut self.kept().bits, token.reference.idx);
        if outcome == RevocationOutcome::Revoked {
            self.touch_lists();
        }
        Ok(outcome)
    }
}

fn set(bits: &mut [u8], idx: u64) -> RevocationOutcome {
    let bit = 1 << (idx % 8);
    match usize::try_from(idx / 8).ok().and_then(|byte| bits.get_mut(byte)) {
        None => RevocationOutcome::ListGone,
        Some(byte) if *byte & bit != 0 => RevocationOutcome::AlreadyRevoked,
        Some(byte) => {
            *byte |= bit;
            RevocationOutcome::Revoked
        }
    }
}

fn used_up() -> StoreFailure {
    StoreFailure("the only list is used up".into())
}
