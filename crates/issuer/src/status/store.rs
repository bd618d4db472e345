use crate::StoreFailure;
use async_trait::async_trait;
use bridge_jose::StatusReference;
use bridge_types::{Audience, ClientId, TokenId};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use tokio::sync::watch;

/// How many indices a list has: 128 KiB of bits.
pub const LIST_SIZE: u32 = 1 << 20;

/// What the issuer must not forget about the status of its tokens: which indices are taken, which tokens and clients
/// were revoked. Several processes may share one store. Every method is durable when it returns `Ok`.
///
/// The store crate implements this over SQLite; tests use a fake.
#[async_trait]
pub trait StatusStore: Send + Sync + 'static {
    /// Reserves a block for each of these clients, in ONE write: no other block, of this or any other process, before or
    /// after a restart, ever has an index of it. The answer is in the order of the question; `None` for a client that is
    /// disabled.
    ///
    /// A list is announced (it stands in [`Self::status_lists`]) at least two minutes before the first block is taken
    /// from it, as long as it can be: partners learn of it before they see a token that names it.
    async fn reserve_blocks(
        &self,
        wanted: &[BlockWanted],
        used_until: Timestamp,
    ) -> Result<Vec<Option<ReservedBlock>>, StoreFailure>;

    /// Lets blocks be used for longer. A block that was revoked meanwhile stays revoked.
    async fn hold_blocks(&self, blocks: &[BlockId], used_until: Timestamp) -> Result<(), StoreFailure>;

    /// How clients stand, and which of these blocks were revoked, as of one moment.
    async fn standing(&self, held: &[BlockId]) -> Result<Standing, StoreFailure>;

    /// Every list that a living token may name or a future one will, by number.
    async fn status_lists(&self) -> Result<Vec<ListRevision>, StoreFailure>;

    /// The bits of one list, index 0 in the lowest bit of the first byte, set for what was revoked. Empty for a list that
    /// is gone.
    async fn status_bits(&self, list: u64) -> Result<Vec<u8>, StoreFailure>;

    /// Forgets the lists of which no block was used since this moment; gives their number. A list from which blocks are
    /// still taken stays, and so does one that was announced and not used yet.
    async fn retire_status_lists(&self, unused_since: Timestamp) -> Result<u64, StoreFailure>;

    /// Changes whenever [`Self::standing`] does, whichever process caused it.
    fn client_changes(&self) -> watch::Receiver<i64>;

    /// Changes whenever [`Self::status_lists`] does, whichever process caused it.
    fn list_changes(&self) -> watch::Receiver<i64>;
}

/// Names a block of indices: its list and its first index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockId {
    /// The number of the list.
    pub list: u64,
    /// The first index.
    pub first: u32,
}

/// A wish for indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockWanted {
    /// Whose tokens will have them.
    pub client: ClientId,
    /// How many.
    pub size: u32,
}

/// Indices that belong to this process now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservedBlock {
    /// Which.
    pub id: BlockId,
    /// True when its list was announced so recently that partners may not know it yet.
    pub early: bool,
}

/// How clients stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// How often something was decided about clients: that of [`crate::Revisions::clients`].
    pub revision: i64,
    /// What restricts them.
    pub limits: ClientLimits,
    /// The blocks, of those that were asked about, that were revoked.
    pub revoked: Vec<BlockId>,
}

/// What restricts clients of the issuer beyond their registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientLimits {
    /// Those that get no tokens.
    pub disabled: HashSet<ClientId>,
    /// The earliest `iat`, in seconds, that the next tokens of a client may have: the first second after the last one
    /// that a revocation of all its tokens covers.
    pub not_before: HashMap<ClientId, i64>,
    /// The same for the tokens of all clients.
    pub not_before_for_all: Option<i64>,
}

/// A list and how often it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListRevision {
    /// The number of the list.
    pub number: u64,
    /// Grows whenever a bit of it is set.
    pub revision: i64,
}

/// Revokes tokens for good: sets the bit and sends partners word of it, in one transaction.
#[async_trait]
pub trait RevokeToken: Send + Sync + 'static {
    /// Revokes one token. Durable when it returns `Ok`.
    async fn revoke_token(&self, token: &TokenToRevoke) -> Result<RevocationOutcome, StoreFailure>;
}

/// A token of this issuer whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenToRevoke {
    /// Its name.
    pub id: TokenId,
    /// Whose it is.
    pub client: ClientId,
    /// What it is for.
    pub audience: Audience,
    /// The number of its list.
    pub list: u64,
    /// Its place in the list, with the address of the list.
    pub reference: StatusReference,
}

/// What came of revoking a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationOutcome {
    /// It is revoked now.
    Revoked,
    /// It was revoked before.
    AlreadyRevoked,
    /// Its list is not kept any more, because no token that names it can be alive.
    ListGone,
}
