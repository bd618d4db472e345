//! What the sidecar makes at each start: a directory in memory, and files in it that its owner alone can read.

mod directory;
mod secret_file;

pub(crate) use directory::RuntimeDirectory;
pub(crate) use secret_file::{Kept, SecretFile};
