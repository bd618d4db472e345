//! Tokens of the own issuer: asked for, kept, renewed.

mod bearer;
mod endpoint;
mod error;
mod exchange;
mod pace;
mod request;
mod slot;
mod slots;
mod source;

pub use bearer::BearerToken;
pub use error::{Outage, TokenError, TokenFailure};
pub use source::TokenSource;
