use aws_lc_rs::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::fmt;
use zeroize::Zeroize;

/// A value that must not be seen: no `Display`, no `Serialize`, a redacting `Debug`, and zeroised on drop.
pub struct Secret<T: Zeroize>(SecretBox<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in. Copies that the caller made before stay the caller's business.
    pub fn new(value: T) -> Self {
        Self(SecretBox::new(Box::new(value)))
    }

    /// The value, for the one place that must use it.
    pub fn expose(&self) -> &T {
        self.0.expose_secret()
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// An access token as it travels (RFC 6750 `b64token`). Its `Debug` shows only the [`Fingerprint`].
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Takes a token in. Its form is not checked: to its client a token is opaque (RFC 6749 §1.4).
    pub fn new(token: String) -> Self {
        Self(token.into())
    }

    /// The token itself, for the `Authorization` header alone.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What may stand in logs instead of the token.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.expose().as_bytes())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken({})", self.fingerprint())
    }
}

/// The first 12 hexadecimal digits of a SHA-256: enough to find the same token in two logs, useless to replay it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 6]);

impl Fingerprint {
    /// The fingerprint of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_digest(digest(&SHA256, bytes).as_ref().first_chunk::<32>().unwrap_or(&[0; 32]))
    }

    /// The fingerprint of something whose SHA-256 is already known.
    pub fn from_digest(sha256: &[u8; 32]) -> Self {
        let mut start = [0; 6];
        start.copy_from_slice(&sha256[..6]);
        Self(start)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessToken, Fingerprint, Secret};

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?} {:?}", Secret::new("hunter2".to_owned()), AccessToken::new("hunter2".into()));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("f52fbd32b2b3"), "{shown}");
    }

    #[test]
    fn fingerprint_is_the_start_of_the_sha_256() {
        assert_eq!(Fingerprint::of(b"").to_string(), "e3b0c44298fc");
    }
}
