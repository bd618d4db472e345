//! TOML that an operator wrote, read strictly: no secret may stand in it, and no complaint repeats a value of it.
//!
//! Complaints go to logs, to pages and to terminals that others see, and whatever stands in a wrong place may be a secret:
//! a password without its quotes is a syntax error. So they say line and column, the key, what was expected and what kind
//! of thing was found, and leave the value where it is.
//!
//! ```
//! # #[derive(Debug, serde::Deserialize)] struct File { name: String }
//! let text = "name = 7";
//! let table = bridge_strict_toml::parse(text).unwrap();
//! bridge_strict_toml::refuse_secrets(table.get_ref()).unwrap();
//! let defect = bridge_strict_toml::read::<File>(table).unwrap_err();
//! assert_eq!(bridge_strict_toml::position(text, defect.span.start), (1, 8));
//! assert_eq!(defect.to_string(), "a value of the wrong type at `name`: expected a string, found a number");
//! ```

mod defect;
mod form;
mod secrets;

pub use defect::{Defect, position};
pub use secrets::refuse_secrets;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

/// The table that a text is.
///
/// # Errors
/// When it is not TOML, or repeats a key.
pub fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, Defect> {
    DeTable::parse(text).map_err(|error| form::of_syntax(&error))
}

/// What a table means.
///
/// # Errors
/// When it has not the form of `T`.
pub fn read<T: DeserializeOwned>(table: Spanned<DeTable<'_>>) -> Result<T, Defect> {
    // The reader takes the table; its keys are needed again where it fails.
    let keys = table.clone();
    T::deserialize(Deserializer::from(table)).map_err(|error| form::of_table(&error, keys.get_ref()))
}
