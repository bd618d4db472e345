//! The SQL of the business: the tables `shipments` and `events`.

mod events;
mod shipments;

pub(crate) use events::{insert_event, list_events};
pub(crate) use shipments::{find_by_reference, find_shipment, insert_shipment, list_shipments, update_shipment};
