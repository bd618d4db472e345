//! The SQL of the business: the tables `orders` and `tracking_events`.

mod orders;
mod tracking_events;

pub(crate) use orders::{find_order, insert_order, list_orders, update_order};
pub(crate) use tracking_events::{find_report, insert_event, list_events};

use bridge_store::StoreError;
use std::fmt::Display;

/// What every column of one row is read with: a value that this program would not have written is an error.
fn read<T, E: Display>(what: &'static str, parsed: Result<T, E>) -> Result<T, StoreError> {
    parsed.map_err(|error| StoreError::unreadable(what, error))
}
