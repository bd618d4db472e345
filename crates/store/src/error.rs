use std::fmt::Display;
use std::path::{Path, PathBuf};

/// The database could not be opened. The message names the file, what was expected, what was found and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be made or read.
    #[error("cannot open the database {path}: {reason}; make sure the directory exists and this user may write in it")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        reason: std::io::Error,
    },
    /// Others may read the file, and it holds private keys.
    #[error(
        "the database {path} may be read by others: expected mode 0600, found {found:04o}; run `chmod 600` on it, and \
         replace its keys if others could have read them"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        found: u32,
    },
    /// A newer version of the program has written this file. Going back would lose what that version keeps there.
    #[error(
        "the database {path} comes from a newer version: expected migrations up to {expected}, found {found}; start \
         that newer version, or restore the backup that was made before it first ran"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The newest migration that this program knows, in the number range of the unknown one.
        expected: i64,
        /// The migration in the file that it does not know.
        found: i64,
    },
    /// A migration of this program is not the one that made the file: it belongs to another program or was edited.
    #[error(
        "the database {path} was made by another program: expected the migration {version} of this one, found a \
         different migration of that number; check the `database` of this company"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The migration that differs.
        version: i64,
    },
    /// SQLite refused.
    #[error(
        "cannot use the database {path}: {reason}; check that it is a SQLite file, whole, and on a disk with space"
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        reason: sqlx::Error,
    },
}

impl OpenError {
    pub(crate) fn unusable(path: &Path, reason: sqlx::Error) -> Self {
        Self::Unusable { path: path.to_owned(), reason }
    }
}

/// The database could not do it. Nothing of a failed write was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite failed: no space, a lock that was held too long, a broken file. Trying again may help.
    #[error("the database failed: {0}")]
    Failed(#[from] sqlx::Error),
    /// So many writes of the business are waiting that this one was not taken. Nothing is wrong with it: try it again.
    #[error("too many writes are waiting for the database")]
    Busy,
    /// A row does not hold what this program writes there. Trying again does not help.
    #[error("the database holds an unreadable {what}: {detail}")]
    Unreadable {
        /// What should have been there.
        what: &'static str,
        /// Why it was not understood.
        detail: String,
    },
}

impl StoreError {
    /// A value in a row that this program would not have written.
    pub fn unreadable(what: &'static str, detail: impl Display) -> Self {
        Self::Unreadable { what, detail: detail.to_string() }
    }
}

/// A value of a row as it was parsed: one that this program would not have written is an error of the database.
///
/// # Errors
/// [`StoreError::Unreadable`].
pub fn stored<T, E: Display>(what: &'static str, parsed: Result<T, E>) -> Result<T, StoreError> {
    parsed.map_err(|error| StoreError::unreadable(what, error))
}
