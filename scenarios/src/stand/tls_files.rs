//! PEM files.

use crate::error::CannotRun;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
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

/// What a server needs that speaks TLS with these files.
pub(crate) fn server_config(certificate: &Path, key: &Path) -> Result<ServerConfig, CannotRun> {
    let wrong = |problem: String| CannotRun::settings(certificate, problem);
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|error| wrong(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| CannotRun::settings(key, error))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    config.map_err(|error| wrong(error.to_string()))
}

fn write_with_mode(path: &Path, pem: &str, mode: u32) -> Result<(), CannotRun> {
    let write = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(pem.as_bytes())
    };
    write().map_err(CannotRun::system(format!("write {}", path.display())))
}
