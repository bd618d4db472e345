//! The API listener: what stands around the routes of the business.

mod body;
mod extractors;
mod limits;
