use crate::Invalid;
use crate::invalid::text_word;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

const MAX: usize = 256;

/// The identifier of a client at ITS issuer (RFC 6749 §2.2). Alone it names nobody: a partner chooses its ids, so the
/// principal is always the pair of issuer and client id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(Arc<str>);

text_word!(ClientId);

impl ClientId {
    fn check(text: &str) -> Result<(), Invalid> {
        graphic("client id", text)
    }
}

/// The identifier of a key (`kid`, RFC 7515 §4.1.4). Keys that Bridge makes carry their RFC 7638 thumbprint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

text_word!(KeyId);

impl KeyId {
    fn check(text: &str) -> Result<(), Invalid> {
        graphic("key id", text)
    }
}

/// The identifier of a token or assertion (`jti`, RFC 7519 §4.1.7).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(Arc<str>);

text_word!(TokenId);

impl TokenId {
    fn check(text: &str) -> Result<(), Invalid> {
        graphic("token id", text)
    }

    /// A new identifier that nobody can guess (UUID version 4).
    pub fn random() -> Self {
        Self(Uuid::new_v4().to_string().into())
    }
}

fn graphic(what: &'static str, text: &str) -> Result<(), Invalid> {
    if (1..=MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Invalid::new(what, "1 to 256 visible ASCII characters", text))
}

/// Names one request in the logs of both companies and in the answer to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CorrelationId(Uuid);

impl CorrelationId {
    /// A new identifier; it sorts by the time it was made (UUID version 7).
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for CorrelationId {
    fn default() -> Self {
        Self::new()
    }
}

impl std::str::FromStr for CorrelationId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Uuid::try_parse(text).map(Self).map_err(|_| Invalid::new("correlation id", "a UUID", text))
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientId, CorrelationId, KeyId, TokenId};

    #[test]
    fn refuses_empty_long_and_invisible_ids() {
        for text in ["", " ", "a b", "a\n", "ä", &"x".repeat(257)] {
            assert!(text.parse::<ClientId>().is_err(), "accepted {text:?}");
            assert!(text.parse::<KeyId>().is_err(), "accepted {text:?}");
            assert!(text.parse::<TokenId>().is_err(), "accepted {text:?}");
        }
        assert!("x".repeat(256).parse::<ClientId>().is_ok());
    }

    #[test]
    fn correlation_ids_round_trip() {
        let id = CorrelationId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("not-a-uuid".parse::<CorrelationId>().is_err());
    }
}
