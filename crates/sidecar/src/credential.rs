//! The client's private key, in a file of its own.

use crate::config::{ClientSettings, CredentialSource};
use crate::runtime::{Kept, SecretFile};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_jose::{Algorithm, SigningKey};
use bridge_process::config::{ConfigError, Located};
use bridge_types::Secret;
use rustix::process::geteuid;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// No key of any algorithm is larger.
const MAX_BYTES: u64 = 16 * 1024;

/// Reads the key that the configuration names.
///
/// # Errors
/// When the file is not there, is not the client's key, or can be read by others.
pub(crate) fn read(client: &ClientSettings) -> Result<SigningKey, ConfigError> {
    let path = client.key_file()?;
    read_key(path, client.algorithm).map_err(|unusable| unusable.complain(&client.credential, path))
}

/// The file in which the next key waits until the issuer knows it.
pub(crate) fn next_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    name.into()
}

/// The key in a file, made when there is none. An existing file is never overwritten.
///
/// # Errors
/// As [`read`], and when the file cannot be written.
pub(crate) fn read_or_make(client: &ClientSettings, path: &Path) -> Result<SigningKey, ConfigError> {
    let complain = |unusable: Unusable| unusable.complain(&client.credential, path);
    match read_key(path, client.algorithm) {
        Err(Unusable::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read.map_err(complain),
    }
    let key = SigningKey::generate(client.algorithm)
        .map_err(|error| complain(Unusable::Form { found: error.to_string() }))?;
    let made = SecretFile::new(path.to_owned(), Kept::AfterExit).create(pem(&key).as_bytes());
    match made {
        Ok(()) => Ok(key),
        // Another `register` was first: its key is the one.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read_key(path, client.algorithm).map_err(complain)
        }
        Err(error) => Err(complain(Unusable::Unwritable(error))),
    }
}

fn pem(key: &SigningKey) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(key.to_pkcs8().expose()));
    let mut pem = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 64));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for line in body.as_bytes().chunks(64) {
        pem.push_str(str::from_utf8(line).unwrap_or_default());
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

/// Tells whether a file was replaced or rewritten since it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    inode: u64,
    modified: (i64, i64),
    length: u64,
}

impl Version {
    /// How the credential's file is now; `None` when it is not there. Symbolic links are followed, because Kubernetes
    /// replaces a mounted file by replacing a link.
    pub(crate) fn of(client: &ClientSettings) -> Option<Self> {
        let data = std::fs::metadata(client.key_file().ok()?).ok()?;
        Some(Self { inode: data.ino(), modified: (data.mtime(), data.mtime_nsec()), length: data.len() })
    }
}

/// Why a file is not the client's key.
#[derive(Debug)]
enum Unusable {
    Unreadable(io::Error),
    Unwritable(io::Error),
    Open { mode: u32 },
    Foreign { uid: u32 },
    Form { found: String },
}

impl Unusable {
    fn complain(self, credential: &Located<CredentialSource>, path: &Path) -> ConfigError {
        let complaint =
            ConfigError::new(credential.place.clone(), format!("the key file {} cannot be used", path.display()));
        let owner = geteuid().as_raw();
        match self {
            Self::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => complaint
                .expected("a private key that was made with `bridge-sidecar register`")
                .found("no such file")
                .remedy(
                    "run `bridge-sidecar register` and hand the public key that it prints to the issuer's operator",
                ),
            Self::Unreadable(error) => complaint
                .expected("a file that this process can read")
                .found(error.to_string())
                .remedy("correct its path or its owner"),
            Self::Unwritable(error) => complaint
                .expected("a directory in which this process can make a file")
                .found(error.to_string())
                .remedy("correct the path, or the owner of the directory"),
            Self::Open { mode } => complaint
                .expected("a file that its owner alone can read (mode 0600 or 0400; 0440 from root)")
                .found(format!("mode {mode:04o}"))
                .remedy("whoever could read it may have the key: replace it, and keep the new one at mode 0600"),
            Self::Foreign { uid } => complaint
                .expected(format!("a file of user {owner}, as whom this process runs, or of root"))
                .found(format!("a file of user {uid}"))
                .remedy("run `bridge-sidecar register` as the user who runs the sidecar"),
            Self::Form { found } => complaint
                .expected("one PKCS#8 private key in PEM form, made for `algorithm`")
                .found(found)
                .remedy("correct `algorithm`, or make a key with `bridge-sidecar register`"),
        }
    }
}

fn read_key(path: &Path, algorithm: Algorithm) -> Result<SigningKey, Unusable> {
    let mut file = File::open(path).map_err(Unusable::Unreadable)?;
    // Asked of the open file, so that nobody can put another one in its place in between.
    check_owner(&file.metadata().map_err(Unusable::Unreadable)?)?;
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_BYTES).unwrap_or(0)));
    Read::by_ref(&mut file).take(MAX_BYTES).read_to_end(&mut text).map_err(Unusable::Unreadable)?;
    let form = |found: String| Unusable::Form { found };
    let mut document = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|error| form(error.to_string()))?;
    let pkcs8 = Secret::new(document.secret_pkcs8_der().to_vec());
    document.zeroize();
    SigningKey::from_pkcs8(algorithm, pkcs8).map_err(|error| form(format!("{error} ({algorithm})")))
}

fn check_owner(data: &Metadata) -> Result<(), Unusable> {
    let mode = data.mode() & 0o7777;
    if !data.is_file() {
        return Err(Unusable::Form { found: "something that is not a file".to_owned() });
    }
    // What root hands to a user who is not root is readable by a group (Kubernetes, `fsGroup`) or by an access list,
    // which shows as the rights of the group (systemd, `LoadCredential`). Nobody else put it there.
    let handed = data.uid() == 0 && !geteuid().is_root();
    if mode & if handed { 0o037 } else { 0o077 } != 0 {
        return Err(Unusable::Open { mode });
    }
    if data.uid() != geteuid().as_raw() && data.uid() != 0 {
        return Err(Unusable::Foreign { uid: data.uid() });
    }
    Ok(())
}
