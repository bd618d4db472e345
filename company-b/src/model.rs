//! What a carrier knows: shipments, what is in them, and how far they are. Every value is parsed; none can be made
//! wrong.

mod lines;
mod shipment;
mod status;
mod tracking;

pub use lines::{Line, LineBody, Lines};
pub use shipment::{NewShipment, OrderReference, Shipment, ShipmentBody};
pub use status::ShipmentStatus;
pub use tracking::{Event, EventBody, EventKind, NewEvent};
