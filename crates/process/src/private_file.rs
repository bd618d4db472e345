use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a file that holds a secret, provided that nobody but its owner may read or write it.
///
/// The permissions are those of the file that was opened, so that none can be put in its place in between. Does NOT look at
/// the directories above it, nor at who the owner is. Systems without such permissions are trusted.
///
/// # Errors
/// [`Unusable`].
pub fn open_private(path: &Path) -> Result<File, Unusable> {
    let file = File::open(path)?;
    match exposed(&file)? {
        Some(found) => Err(Unusable::Exposed { found }),
        None => Ok(file),
    }
}

#[cfg(unix)]
fn exposed(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

#[cfg(not(unix))]
fn exposed(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

/// Why a file that holds a secret is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be opened.
    #[error(transparent)]
    Closed(#[from] io::Error),
    /// Others may read or write it.
    #[error("expected mode 0600, found {found:04o}")]
    Exposed {
        /// Its permission bits.
        found: u32,
    },
}
