//! The SQL of the business: the tables `orders` and `tracking_events`.

mod orders;
mod tracking_events;

pub(crate) use orders::{find_order, insert_order, list_orders, update_order};
pub(crate) use tracking_events::{find_report, insert_event, list_events};
