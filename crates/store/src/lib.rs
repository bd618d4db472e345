//! The one database of a company: what its issuer, its clients and its business must not forget.
//!
//! SQLite, in one file that only its owner may read. Everything is durable before it is answered (write-ahead log,
//! `synchronous=FULL`), there is one writer (which the business cannot keep from the issuer), and the tables come from migrations that are part of the program and only
//! go forward. The traits that the roles define are implemented on [`Database`]; for the business there are
//! [`Database::once`] (a write that is repeated is executed once), the outbox ([`WriteTransaction::enqueue`] and
//! [`Dispatcher`]) and the inbox ([`WriteTransaction::receive`]).
//!
//! SQL stands in one file per table and numbers its parameters (`$1`), so that another database can be put behind the
//! same [`Database`] handle.

mod changes;
mod connect;
mod custody;
mod database;
mod error;
mod idempotency;
mod inbox;
mod issuer_store;
mod key_store;
mod keys;
mod migrate;
mod moment;
mod outbox;
mod queue;
mod received_status;
mod status;
mod url;
mod used_assertions;

pub use changes::Topic;
pub use custody::{CustodyError, Kek, KekFile, KekId, KekWrapping, Plain, Resealed, SealedKeys, WrappingFailure};
pub use database::{Backend, Connection, Database, ReadConnection, WriteTransaction};
pub use error::{OpenError, StoreError, stored};
pub use idempotency::{IDEMPOTENCY_LIFETIME, IdempotencyKey, IdempotentWrite, Once, StoredAnswer};
pub use inbox::Receipt;
pub use migrate::Migration;
pub use moment::{from_micros, to_micros};
pub use outbox::{
    Backlog, DeadLetter, Deliver, DeliveryFailure, Dispatcher, Message, MessageId, NewMessage, Pace, PayloadUnreadable,
};
pub use status::{DisabledClient, RevokedTokens};
pub use url::DatabaseUrl;
