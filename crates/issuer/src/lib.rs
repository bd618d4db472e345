//! Role 1: the token issuer of one company.

mod store;

pub use store::{IssuerStore, KeyPurpose, StoreFailure, StoredKey, UsedAssertion};
