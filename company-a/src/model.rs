//! What a retailer knows: orders, their lines, and how they get to the customer. Every value is parsed; none can be
//! made wrong.

mod lines;
mod order;
mod status;
mod tracking;

pub use lines::{Line, LineBody, Lines};
pub use order::{NewOrder, Order, OrderBody, ShipmentReference};
pub use status::OrderStatus;
pub use tracking::{EventKind, NewTrackingEvent, TrackingEvent, TrackingEventBody};
