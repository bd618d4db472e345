//! The outbox: messages to partners, written in the same transaction as the change that they tell of, and delivered
//! afterwards, at least once each, in order per aggregate.

mod dead_letters;
mod dispatcher;
mod message;
mod pace;
mod table;
mod turns;

pub use dead_letters::{Backlog, DeadLetter};
pub use dispatcher::{Deliver, DeliveryFailure, Dispatcher};
pub use message::{Message, MessageId, NewMessage, PayloadUnreadable};
pub use pace::Pace;
