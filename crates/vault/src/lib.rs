//! OpenBao (or what it descends from, Vault): signatures by keys that never leave it, secrets that are leased, keys that are wrapped.
//! The only crate that names it.
//!
//! [`Vault`] is a connection with an identity: it logs in with what the platform gives to this workload (a token file, a
//! client certificate, an agent's token), never with a password, keeps its own token alive, and bounds what it sends:
//! so many requests at once, so long for each. [`Transit`] and [`LeasedSecret`] stand on it.
//!
//! About ten endpoints of the HTTP API are used, over plain reqwest. Answers are parsed strictly: what is not as it must be is
//! an error that says what was expected, never a default. An answer of the transit engine is not believed either: a
//! signature counts once it verifies under the public key that is known to the store.
//!
//! What it does NOT do: unseal, initialise or configure OpenBao.

mod address;
mod answer;
mod error;
mod identity;
mod lease;
mod leased_secret;
mod pace;
mod request;
mod secret_text;
mod session;
mod transit;
mod transit_key;
mod vault;

pub use address::{VaultAddress, VaultPath};
pub use error::VaultError;
pub use identity::{CertificateFiles, Identity, TokenFile, WorkloadToken};
pub use lease::{Lease, PasswordCredentials};
pub use leased_secret::LeasedSecret;
pub use transit::{Transit, Wrapped};
pub use transit_key::{TransitKey, TransitKeyName};
pub use vault::{Limits, Settings, Vault};
