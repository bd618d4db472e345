//! Writing PEM files.

use crate::error::CannotRun;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a file that anybody may read, and the directories above it.
pub(crate) fn write(path: &Path, pem: &str) -> Result<(), CannotRun> {
    write_with_mode(path, pem, 0o644)
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, pem: &str) -> Result<(), CannotRun> {
    write_with_mode(path, pem, 0o600)
}

fn write_with_mode(path: &Path, pem: &str, mode: u32) -> Result<(), CannotRun> {
    let write = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(pem.as_bytes())
    };
    write().map_err(CannotRun::system(format!("write {}", path.display())))
}
