use super::kek::Kek;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_types::Secret;
use std::fmt;
use zeroize::Zeroizing;

/// How a key-encryption key stands in a line of its file: as it is, or encrypted by somebody who keeps the key to that.
#[async_trait]
pub trait KekWrapping: fmt::Debug + Send + Sync + 'static {
    /// The form of a line, for complaints.
    fn form(&self) -> &'static str;

    /// The line for a key.
    async fn wrap(&self, kek: &Kek) -> Result<Zeroizing<String>, WrappingFailure>;

    /// The key in a line; `None` when the line has not the form.
    async fn unwrap(&self, line: &str) -> Result<Option<Kek>, WrappingFailure>;
}

/// Whoever encrypts key-encryption keys did not do it. Try again when it works.
#[derive(Debug, thiserror::Error)]
#[error("the key-encryption key cannot be unwrapped: {0}")]
pub struct WrappingFailure(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// As it is: base64 (RFC 4648 §4) of the 32 bytes, as `openssl rand -base64 32` prints it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plain;

#[async_trait]
impl KekWrapping for Plain {
    fn form(&self) -> &'static str {
        "base64 of 32 bytes"
    }

    async fn wrap(&self, kek: &Kek) -> Result<Zeroizing<String>, WrappingFailure> {
        Ok(Zeroizing::new(STANDARD.encode(kek.expose().expose())))
    }

    async fn unwrap(&self, line: &str) -> Result<Option<Kek>, WrappingFailure> {
        // As large as it will get, so that no copy is left behind.
        let mut bytes = Vec::with_capacity(line.len());
        let decoded = STANDARD.decode_vec(line, &mut bytes);
        let bytes = Secret::new(bytes);
        Ok(decoded.ok().and_then(|()| Kek::new(bytes)))
    }
}
