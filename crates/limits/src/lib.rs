//! How much one client, or one address, may ask of a company: rates, counts of connections, and lines in the log.
//!
//! The only crate that names governor. It reads no clock of its own and starts no task: time comes in as a
//! [`bridge_types::Clock`]. Every table in it has a bound, because its keys are what a stranger can make many of.
//!
//! What it does NOT do: read `Forwarded` or `X-Forwarded-For`. Whoever sends a request chooses what stands there.

mod limiter;
mod lines;
mod peer;
mod places;
mod rate;

pub use limiter::{AddressLimiter, Exceeded, Limiter, Limiters};
pub use lines::{Line, LineBudget};
pub use peer::PeerAddress;
pub use places::{Place, Places};
pub use rate::Rate;
