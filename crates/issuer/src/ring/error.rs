use super::change::Overtaken;
use super::store::ChangeError;
use crate::{KeyBackendFailure, StoreFailure};
use bridge_jose::{KeyError, SignError};
use bridge_types::ClientId;

/// Why the keys could not be read, changed or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The store failed: try again when it works.
    #[error(transparent)]
    Store(#[from] StoreFailure),
    /// The private half could not be made or used.
    #[error(transparent)]
    Backend(#[from] KeyBackendFailure),
    /// Somebody else was faster: look again and decide anew.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// The public half in the store is none.
    #[error("a key of client {client} in the store cannot be used: {reason}")]
    Unusable {
        /// Whose key.
        client: ClientId,
        /// What is wrong with it.
        #[source]
        reason: KeyError,
    },
    /// There is no active key: [`super::KeyRing::ensure`] was not called.
    #[error("the issuer has no active key")]
    NoKey,
    /// The claims have no JSON form.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store was replaced by an older copy while the company ran.
    #[error("the store of the keys went back: expected revision {expected} or later, found {found}")]
    WentBack {
        /// What another transaction of the same store showed.
        expected: i64,
        /// What it shows now.
        found: i64,
    },
}

impl From<ChangeError> for KeyRingError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Overtaken(overtaken) => Self::Overtaken(overtaken),
            ChangeError::Store(failure) => Self::Store(failure),
        }
    }
}
