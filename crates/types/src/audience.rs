use crate::Invalid;
use crate::invalid::text_word;
use crate::issuer::parse_base;
use std::sync::Arc;
use url::Url;

/// The API for which a token is minted: the `resource` of a request (RFC 8707 §2) and the `aud` of a token
/// (RFC 9068 §2.2).
///
/// An absolute `https` URL without query or fragment, kept and compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Audience(Arc<str>);

text_word!(Audience);

impl Audience {
    fn check(text: &str) -> Result<(), Invalid> {
        let form = "an absolute https URL without query, fragment, user or password (plain http on loopback only)";
        parse_base(text).map(drop).ok_or_else(|| Invalid::new("audience", form, text))
    }

    /// The parsed form, for building addresses. Never compare with it: audiences compare as text.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "the constructor parsed the same text")]
    pub fn to_url(&self) -> Url {
        Url::parse(&self.0).expect("an audience is a URL by construction")
    }
}

#[cfg(test)]
mod tests {
    use super::Audience;

    #[test]
    fn refuses_a_relative_or_decorated_audience() {
        for text in ["/api", "api.example", "https://api.example?a", "https://api.example#a", "urn:api"] {
            assert!(text.parse::<Audience>().is_err(), "accepted {text:?}");
        }
        assert!("https://api.example/v1".parse::<Audience>().is_ok());
    }
}
