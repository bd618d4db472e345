//! The API listener: what stands around the routes of the business.

mod answers;
mod body;
mod extractors;
mod problem;

pub use problem::{FieldError, Problem};
