use crate::secret_text::{SecretText, secret_json};
use crate::{VaultError, VaultPath};
use bridge_types::Secret;
use bytes::Bytes;
use serde::Serialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// No credential that a platform gives is larger.
const MAX_FILE: usize = 64 * 1024;

/// Who this workload is to OpenBao, by what its platform gives to it. None of these is a secret that somebody has to
/// make, copy and change by hand; each file is read anew for every login.
#[derive(Debug, Clone)]
pub enum Identity {
    /// A token of the platform: Kubernetes, a CI system, SPIFFE (authentication methods `jwt` and `kubernetes`).
    WorkloadToken(WorkloadToken),
    /// A short-lived client certificate (authentication method `cert`).
    Certificate(CertificateFiles),
    /// A token of OpenBao itself that an agent beside this workload keeps fresh.
    TokenFile(TokenFile),
}

/// A JSON Web Token that the platform writes into a file.
#[derive(Debug, Clone)]
pub struct WorkloadToken {
    /// Where the authentication method is mounted, such as `jwt` or `kubernetes`.
    pub mount: VaultPath,
    /// The role to log in with.
    pub role: VaultPath,
    /// The file.
    pub file: PathBuf,
}

/// A client certificate with its key, both PEM, that something renews.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// Where the authentication method is mounted, such as `cert`.
    pub mount: VaultPath,
    /// The role to log in with; OpenBao looks for one that fits when absent.
    pub role: Option<VaultPath>,
    /// The certificate and its chain.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

/// A token of OpenBao that an agent writes.
#[derive(Debug, Clone)]
pub struct TokenFile {
    /// The file: the token and nothing else.
    pub file: PathBuf,
}

impl Identity {
    /// The name of the kind, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::WorkloadToken(_) => "workload token",
            Self::Certificate(_) => "client certificate",
            Self::TokenFile(_) => "token file of an agent",
        }
    }

    /// Where it logs in; `None` when somebody else does.
    pub(crate) fn login_mount(&self) -> Option<&VaultPath> {
        match self {
            Self::WorkloadToken(token) => Some(&token.mount),
            Self::Certificate(certificate) => Some(&certificate.mount),
            Self::TokenFile(_) => None,
        }
    }

    /// The client certificate for the connection, as PEM.
    pub(crate) fn pem(&self) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let Self::Certificate(files) = self else { return Ok(None) };
        let (certificate, key) = (read(&files.certificate_file)?, read(&files.key_file)?);
        let mut pem = Zeroizing::new(Vec::with_capacity(certificate.len() + key.len() + 1));
        pem.extend_from_slice(&certificate);
        pem.push(b'\n');
        pem.extend_from_slice(&key);
        Ok(Some(pem))
    }

    /// The body of the login request.
    pub(crate) fn login_body(&self) -> Result<Bytes, VaultError> {
        #[derive(Serialize)]
        struct WithToken<'a> {
            role: &'a str,
            jwt: &'a str,
        }
        #[derive(Serialize)]
        struct WithCertificate<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<&'a str>,
        }
        let body = match self {
            Self::WorkloadToken(WorkloadToken { role, file, .. }) => {
                let jwt = text(file)?;
                let capacity = jwt.0.expose().len() + role.as_str().len() + 32;
                secret_json(&WithToken { role: role.as_str(), jwt: jwt.0.expose() }, capacity)
            }
            Self::Certificate(CertificateFiles { role, .. }) => {
                secret_json(&WithCertificate { name: role.as_ref().map(VaultPath::as_str) }, 600)
            }
            Self::TokenFile(_) => Ok(Bytes::new()),
        };
        body.map_err(|error| VaultError::Client(error.to_string()))
    }
}

impl TokenFile {
    pub(crate) fn read(&self) -> Result<Secret<String>, VaultError> {
        text(&self.file).map(|text| text.0)
    }
}

/// One word of visible characters: what tokens of every kind are.
fn text(path: &Path) -> Result<SecretText, VaultError> {
    let bytes = read(path)?;
    let word = std::str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
    if word.is_empty() || !word.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\')) {
        let reason = "expected one token, found something else".to_owned();
        return Err(VaultError::Credential { path: path.to_owned(), reason });
    }
    Ok(SecretText(Secret::new(word.to_owned())))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let unusable = |reason: String| VaultError::Credential { path: path.to_owned(), reason };
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
    let file = std::fs::File::open(path).map_err(|error| unusable(error.to_string()))?;
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(|error| unusable(error.to_string()))?;
    if bytes.len() > MAX_FILE {
        return Err(unusable("larger than 64 KiB".to_owned()));
    }
    Ok(bytes)
}
