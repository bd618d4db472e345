use crate::config::{ConfigError, Located, TlsFiles};
use bridge_process::{Unusable, open_private};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::NoServerSessionStorage;
use rustls_pki_types::pem::{Error as PemError, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

/// The TLS side of the listeners (TLS 1.2 and 1.3), from PEM files.
///
/// Sessions are never resumed: a resumed session would bring back the client identity of an earlier handshake, after
/// the certificate was revoked or replaced.
///
/// # Errors
/// When a file cannot be read, has the wrong form, or key and certificate do not belong together.
pub(crate) fn server_config(files: &TlsFiles) -> Result<ServerConfig, ConfigError> {
    let chain = certificates(&files.certificate_file)?;
    let key = private_key(&files.key_file)?;
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| mismatch(files, &error))?;
    let mut config =
        builder.with_no_client_auth().with_single_cert(chain, key).map_err(|error| mismatch(files, &error))?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The certificates of a PEM file; at least one.
pub(crate) fn certificates(file: &Located<PathBuf>) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let unusable = |error: PemError| wrong_file(file, "PEM certificates", &error);
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(&file.value).and_then(Iterator::collect).map_err(unusable)?;
    if certificates.is_empty() {
        return Err(unusable(PemError::NoItemsFound));
    }
    Ok(certificates)
}

/// The private key, if nobody but its owner may read or write the file.
fn private_key(file: &Located<PathBuf>) -> Result<PrivateKeyDer<'static>, ConfigError> {
    let expected = "a PEM private key (PKCS#8, SEC1 or PKCS#1)";
    let opened = open_private(&file.value).map_err(|unusable| match unusable {
        Unusable::Closed(error) => wrong_file(file, expected, &PemError::Io(error)),
        Unusable::Exposed { found } => exposed(file, found),
    })?;
    PrivateKeyDer::from_pem_reader(BufReader::new(opened)).map_err(|error| wrong_file(file, expected, &error))
}

/// Does not show the path: a key itself may stand in its place.
fn wrong_file(file: &Located<PathBuf>, expected: &str, error: &PemError) -> ConfigError {
    let found = match error {
        PemError::NoItemsFound => "nothing of the kind".to_owned(),
        other => other.to_string(),
    };
    ConfigError::new(file.place.clone(), "the file that is named here cannot be used")
        .expected(expected)
        .found(found)
        .remedy("correct the path, which starts at this directory, or put the file there")
}

fn exposed(file: &Located<PathBuf>, found: u32) -> ConfigError {
    let path = file.value.display();
    ConfigError::new(file.place.clone(), format!("others may read or write the private key {path}"))
        .expected("mode 0600: its owner alone may read and write it")
        .found(format!("mode {found:04o}"))
        .remedy(format!("run `chmod 600 {path}`, and replace the key if others could have read it"))
}

fn mismatch(files: &TlsFiles, error: &rustls::Error) -> ConfigError {
    let found = match error {
        rustls::Error::InconsistentKeys(_) => "a key of another certificate".to_owned(),
        other => other.to_string(),
    };
    ConfigError::new(files.key_file.place.clone(), format!("the key {} cannot be used", files.key_file.value.display()))
        .expected(format!("the private key of {}", files.certificate_file.value.display()))
        .found(found)
        .remedy("name the certificate and the key that were made together")
}
