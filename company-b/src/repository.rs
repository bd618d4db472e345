//! The SQL of the business: the tables `shipments` and `events`.

mod events;
mod shipments;

pub(crate) use events::{insert_event, list_events};
pub(crate) use shipments::{find_by_reference, find_shipment, insert_shipment, list_shipments, update_shipment};

use bridge_store::StoreError;
use std::fmt::Display;

/// What every column of one row is read with: a value that this program would not have written is an error.
fn read<T, E: Display>(what: &'static str, parsed: Result<T, E>) -> Result<T, StoreError> {
    parsed.map_err(|error| StoreError::unreadable(what, error))
}
