use bridge_types::Secret;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;

/// No token that an issuer of Bridge looks at is longer (8 KiB); one more byte tells a longer file.
const MAX_BYTES: u64 = 8 * 1024 + 1;

/// The file in which a platform keeps the token that it gives this process.
///
/// It is read anew for every token request, of which there are few: what is never kept cannot be used past its end, and a
/// file that the platform has just replaced counts at once, with no watch that could miss it. The kubelet replaces a
/// directory link, so that whoever opens the path sees the old token or the new one and never a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFile {
    path: PathBuf,
    kind: PlatformToken,
}

/// What kind of token a platform writes, which says how it is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformToken {
    /// A JWT with an `iss`, such as one of Kubernetes (RFC 7523 §2.2).
    Jwt,
    /// A JWT-SVID (draft-ietf-oauth-spiffe-client-auth).
    JwtSvid,
}

impl PlatformToken {
    /// The `client_assertion_type`.
    pub(crate) fn assertion_type(self) -> &'static str {
        match self {
            Self::Jwt => "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            Self::JwtSvid => "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe",
        }
    }
}

impl TokenFile {
    /// A file that need not be there yet.
    pub fn new(path: PathBuf, kind: PlatformToken) -> Self {
        Self { path, kind }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn kind(&self) -> PlatformToken {
        self.kind
    }

    /// The token that stands there now, without white space around it.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else than one text in the form of a token. Never quotes it.
    pub(crate) async fn read(&self) -> Result<Secret<String>, TokenFileError> {
        let refused = |found: &'static str| TokenFileError::Content { path: self.path.clone(), found };
        let unreadable = |source| TokenFileError::Unreadable { path: self.path.clone(), source };
        let mut text = String::with_capacity(9 * 1024);
        let file = tokio::fs::File::open(&self.path).await.map_err(unreadable)?;
        let length = file.take(MAX_BYTES).read_to_string(&mut text).await.map_err(unreadable)?;
        let text = Secret::new(text);
        let token = text.expose().trim();
        if length as u64 == MAX_BYTES {
            return Err(refused("more than 8 KiB"));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let parts = token.split('.').filter(|part| !part.is_empty() && part.bytes().all(plain)).count();
        if parts != 3 || token.matches('.').count() != 2 {
            return Err(refused(if token.is_empty() { "nothing" } else { "something else" }));
        }
        Ok(Secret::new(token.to_owned()))
    }
}

/// Why a platform's token cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It is not there, or not ours to read.
    #[error("the platform's token cannot be read from {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no token.
    #[error("no token in {}: expected one signed token (RFC 7515 compact form), found {found}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What stands there, in general terms.
        found: &'static str,
    },
}
