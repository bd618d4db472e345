//! The status of tokens (draft-ietf-oauth-status-list): each token has an index in a list, and a list says which of its
//! tokens were revoked.
//!
//! Nothing is written when a token is issued. Indices come from blocks that were reserved durably, ahead of need, for one
//! client each ([`keeper`]); within a block they are handed out in random order ([`stock`]), so that an index tells
//! neither when nor how many tokens were issued. What the lists say is read from the store, encoded and signed beside the
//! requests ([`publisher`]).

mod block;
mod config;
mod keeper;
mod memory;
mod publisher;
mod stock;
mod store;

pub use config::StatusListConfig;
pub use memory::StatusInMemory;
pub use store::{
    BlockId, BlockWanted, ClientLimits, LIST_SIZE, ListRevision, ReservedBlock, RevocationOutcome, RevokeToken,
    Standing, StatusStore, TokenToRevoke,
};

pub(crate) use keeper::Indices;
pub(crate) use publisher::{Published, Publisher, Unsigned};
pub(crate) use stock::Ticket;
