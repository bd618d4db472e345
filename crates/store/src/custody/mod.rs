//! The private halves in the store, sealed: what lies in the database file is of no use without a key that lies elsewhere.

mod error;
mod kek;
mod kek_file;
mod rows;
mod sealed_keys;
mod wrapping;

pub use error::CustodyError;
pub use kek::{Kek, KekId};
pub use kek_file::KekFile;
pub use sealed_keys::{Resealed, SealedKeys};
pub use wrapping::{KekWrapping, Plain, WrappingFailure};

pub(crate) use rows::accepts;
