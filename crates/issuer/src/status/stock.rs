use super::block::Block;
use super::{BlockId, ClientLimits, Standing};
use bridge_jose::StatusReference;
use bridge_types::ClientId;
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The smallest block. A token's index tells its partner nothing more than that it is one of so many.
pub(super) const SMALLEST: u32 = 1024;
/// A block that is used up faster is followed by one four times as large.
const QUICK: Duration = Duration::from_secs(10);
/// A block that lasts longer is followed by a smaller one.
const SLOW: Duration = Duration::from_mins(10);

/// The place of a token in a list, and the earliest `iat` that it may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) reference: StatusReference,
    pub(crate) not_before: Option<i64>,
}

/// What taking an index came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// An index.
    Ticket(Ticket),
    /// An index, and so few are left that more should be ordered.
    Last(Ticket),
    /// None is at hand.
    None,
    /// The client gets no tokens.
    Disabled,
    /// What is known of clients is older than it may be.
    Behind,
}

/// The indices at hand, by client, and what restricts clients: under one lock, so that a token never combines an index
/// from before a revocation with an `iat` from after it. Nothing is awaited while it is held.
#[derive(Debug, Default)]
pub(super) struct Stocks(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    clients: HashMap<ClientId, Stock>,
    /// How new the limits are, and the blocks that are left.
    revision: i64,
    limits: ClientLimits,
}

#[derive(Debug, Default)]
struct Stock {
    blocks: VecDeque<Block>,
    /// How large the next block should be; 0 for the smallest.
    size: u32,
    /// When the last block came, in the time of this process.
    filled_at: Option<Duration>,
    ordered: bool,
}

impl Stocks {
    /// Takes an index for a token that is made now, on a state at least as new as `revision`. A block past its time is left
    /// alone: its list may be gone.
    pub(super) fn take(&self, client: &ClientId, revision: i64, now: Timestamp) -> Taken {
        let mut inner = self.lock();
        if inner.revision < revision {
            return Taken::Behind;
        }
        let Inner { clients, limits, .. } = &mut *inner;
        if limits.disabled.contains(client) {
            return Taken::Disabled;
        }
        let Some(stock) = clients.get_mut(client) else { return Taken::None };
        stock.blocks.retain(|block| block.left() > 0 && block.used_until > now);
        let Some(reference) = stock.blocks.front_mut().and_then(Block::take) else { return Taken::None };
        let not_before = limits.not_before.get(client).copied().max(limits.not_before_for_all);
        let ticket = Ticket { reference, not_before };
        let left: usize = stock.blocks.iter().map(Block::left).sum();
        if !stock.ordered && left < stock.size.max(SMALLEST) as usize / 2 {
            stock.ordered = true;
            return Taken::Last(ticket);
        }
        Taken::Ticket(ticket)
    }

    /// How large the next block of a client should be: large enough for some seconds, so that a busy client costs few
    /// writes, and no larger, because a restart abandons what is left.
    pub(super) fn next_size(&self, client: &ClientId, age: Duration) -> u32 {
        let inner = self.lock();
        let Some(stock) = inner.clients.get(client) else { return SMALLEST };
        let size = stock.size.max(SMALLEST);
        match stock.filled_at.map(|filled_at| age.saturating_sub(filled_at)) {
            Some(lasted) if lasted < QUICK => (size * 4).min(Block::MAX_SIZE),
            Some(lasted) if lasted > SLOW => (size / 4).max(SMALLEST),
            _ => size,
        }
    }

    /// Puts a block behind those at hand.
    pub(super) fn fill(&self, client: &ClientId, block: Block, age: Duration) {
        let mut inner = self.lock();
        let stock = inner.clients.entry(client.clone()).or_default();
        stock.size = u32::try_from(block.left()).unwrap_or(Block::MAX_SIZE);
        stock.filled_at = Some(age);
        stock.ordered = false;
        stock.blocks.push_back(block);
    }

    /// Notes that an order came to nothing, so that the next token orders again.
    pub(super) fn give_up_order(&self, client: &ClientId) {
        if let Some(stock) = self.lock().clients.get_mut(client) {
            stock.ordered = false;
        }
    }

    /// Every block at hand.
    pub(super) fn held(&self) -> Vec<BlockId> {
        self.lock().clients.values().flat_map(|stock| &stock.blocks).map(|block| block.id).collect()
    }

    /// Lets the blocks at hand be used for longer.
    pub(super) fn hold(&self, blocks: &[BlockId], used_until: Timestamp) {
        for block in self.lock().clients.values_mut().flat_map(|stock| &mut stock.blocks) {
            if blocks.contains(&block.id) {
                block.used_until = used_until;
            }
        }
    }

    /// Takes over how clients stand: revoked blocks go, and the new limits hold from the next token on. Gives the clients
    /// that have no index left because of it.
    pub(super) fn adopt(&self, standing: Standing) -> Vec<ClientId> {
        let mut inner = self.lock();
        let Inner { clients, limits, revision } = &mut *inner;
        *limits = standing.limits;
        *revision = standing.revision;
        let mut emptied = Vec::new();
        for (client, stock) in clients {
            let before = stock.blocks.len();
            stock.blocks.retain(|block| !standing.revoked.contains(&block.id));
            if stock.blocks.is_empty() && before > 0 && !limits.disabled.contains(client) {
                emptied.push(client.clone());
            }
        }
        emptied
    }

    /// True when a client has no index at hand.
    pub(super) fn lacks(&self, client: &ClientId, now: Timestamp) -> bool {
        let inner = self.lock();
        let usable = |stock: &Stock| stock.blocks.iter().any(|block| block.left() > 0 && block.used_until > now);
        !inner.clients.get(client).is_some_and(usable)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
