//! The words of both businesses, each parsed once at the edge.

mod address;
mod bounded;
mod country;
mod currency;
mod moment;
mod money;
mod named;
mod text;

pub use address::{Address, AddressBody};
pub use bounded::Bounded;
pub use country::Country;
pub use currency::Currency;
pub use moment::Moment;
pub use money::{Money, MoneyBody};
pub use text::Text;
