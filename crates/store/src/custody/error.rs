use super::kek::KekId;
use super::wrapping::WrappingFailure;
use crate::StoreError;
use bridge_issuer::StoreFailure;
use bridge_types::KeyId;
use std::io;
use std::path::PathBuf;

/// Why private halves could not be sealed or opened. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// There are sealed keys, and no file with what opens them.
    #[error(
        "the key-encryption key is not there: expected {expected} in {path}, found no such file; restore it from its \
         backup. No other one opens the keys that are sealed with it, so none is made"
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// The one that the database names.
        expected: KekId,
    },
    /// A key-encryption key that somebody else provides is not there.
    #[error("the key-encryption key is not there: expected the file {path}; make it, or name another source in [keys]")]
    NotProvided {
        /// Where it should be.
        path: PathBuf,
    },
    /// There is another key-encryption key than the one with which the keys are sealed.
    #[error(
        "a wrong key-encryption key: expected {expected}, found {found} in {path}; put the right one there, also \
         beside a newer one (one a line), and run `keys rewrap` to go over to the first"
    )]
    Wrong {
        /// Where it was looked for.
        path: PathBuf,
        /// The one that the row or the database names.
        expected: KekId,
        /// Those that are there.
        found: String,
    },
    /// A row was changed by somebody else, or belongs to another key.
    #[error(
        "the private half of key {kid} does not open: its row was altered, or comes from another key; restore the \
         database, or `keys revoke` that key"
    )]
    Altered {
        /// The key.
        kid: KeyId,
    },
    /// A row is not sealed although all are.
    #[error("the private half of key {kid} is not sealed, and all others are: this program did not write it")]
    Unsealed {
        /// The key.
        kid: KeyId,
    },
    /// The file does not hold key-encryption keys.
    #[error("{path} cannot be used: expected lines that each hold a key-encryption key ({form}), found something else")]
    Form {
        /// The file.
        path: PathBuf,
        /// What a line looks like.
        form: &'static str,
    },
    /// Others may read the file.
    #[error(
        "{path} may be read by others: expected mode 0600, found {found:04o}; run `chmod 600` and `keys rewrap --new`"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        found: u32,
    },
    /// The file belongs to somebody else, who has to put a new key there.
    #[error("{path} is not ours to write: put the new key-encryption key there as its first line, then `keys rewrap`")]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("the key-encryption key in {path} cannot be read or written: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        reason: io::Error,
    },
    /// What protects the key-encryption key did not do it.
    #[error(transparent)]
    Wrapping(#[from] WrappingFailure),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cryptographic library refused.
    #[error("a key could not be sealed: the cryptographic library failed")]
    Cryptography,
}

impl From<CustodyError> for StoreFailure {
    fn from(error: CustodyError) -> Self {
        Self(error.into())
    }
}
