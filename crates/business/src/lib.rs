//! What the businesses of both companies share: bodies that are parsed and not merely validated, pages, writes that
//! happen once, views that show a partner its own things only, the words of trade, and what a partner's answer means for
//! a message of the outbox.
//!
//! Nothing here knows of orders or shipments.

mod check;
mod failure;
mod item_id;
mod mismatch;
mod openapi;
mod page;
mod problem_schema;
mod recipient;
mod structure;
mod transition;
mod viewer;
mod words;
mod write;

pub use check::{Check, Parse, parse_json, parse_wire};
pub use failure::Failure;
pub use item_id::{ItemId, not_found};
pub use mismatch::Mismatch;
pub use openapi::{describe, serve_description};
pub use page::{Page, PageRequest};
pub use problem_schema::{DefectSchema, ProblemSchema, ReadRefusals, WriteRefusals};
pub use recipient::Recipient;
pub use transition::IllegalTransition;
pub use viewer::Viewer;
pub use words::{Address, AddressBody, Bounded, Country, Currency, Moment, Money, MoneyBody, Text};
pub use write::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, Write, already_done, created};
