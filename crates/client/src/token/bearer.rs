use bridge_types::{AccessToken, Audience, Fingerprint, ScopeSet};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const MAX_BYTES: usize = 8192;
const SCHEME: &str = "Bearer ";

/// An access token that is ready for use: its `Authorization` header is prepared once and shared (RFC 6750 §2.1).
///
/// `Debug` shows only the fingerprint. Does NOT promise that the partner accepts it; the token may be revoked.
#[derive(Clone)]
pub struct BearerToken(pub(super) Arc<Prepared>);

pub(super) struct Prepared {
    audience: Audience,
    scopes: ScopeSet,
    authorization: HeaderValue,
    fingerprint: Fingerprint,
    /// On the monotonic clock, so that a stepped time of day changes nothing.
    pub(super) expires_at: Duration,
}

impl BearerToken {
    /// Prepares a token that may be used until the given moment of the monotonic clock. `None` when the token is too
    /// large for any validator, or has not the form of a `b64token` and so would break the header.
    pub(super) fn prepare(
        token: &AccessToken,
        audience: Audience,
        scopes: ScopeSet,
        expires_at: Duration,
    ) -> Option<Self> {
        if token.expose().len() > MAX_BYTES || !is_b64token(token.expose()) {
            return None;
        }
        let mut authorization = HeaderValue::try_from(format!("{SCHEME}{}", token.expose())).ok()?;
        authorization.set_sensitive(true);
        let fingerprint = token.fingerprint();
        Some(Self(Arc::new(Prepared { audience, scopes, authorization, fingerprint, expires_at })))
    }

    /// Puts the token into the headers of a request, in place of any other credentials there.
    pub fn attach(&self, headers: &mut HeaderMap) {
        headers.insert(AUTHORIZATION, self.0.authorization.clone());
    }

    /// The token itself, for a file from which another program of this machine takes it. Everything else wants
    /// [`Self::attach`].
    pub fn expose(&self) -> &str {
        // The header was made of ASCII text, so there is always text in it.
        self.0.authorization.to_str().ok().and_then(|value| value.strip_prefix(SCHEME)).unwrap_or_default()
    }

    /// How long the token may still be used; `None` when it has expired. `now` is the monotonic clock of its source.
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        self.0.expires_at.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// What may stand in logs instead of the token.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// The API that the token was asked for.
    pub fn audience(&self) -> &Audience {
        &self.0.audience
    }

    /// What the token permits.
    pub fn scopes(&self) -> &ScopeSet {
        &self.0.scopes
    }

    /// True when both are one and the same token, not merely alike.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken({})", self.fingerprint)
    }
}

/// `b64token` of RFC 6750 §2.1.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::BearerToken;
    use bridge_types::{AccessToken, ScopeSet};
    use http::HeaderMap;
    use std::time::Duration;

    fn prepare(token: &str) -> Option<BearerToken> {
        let audience = "https://api.example".parse().unwrap();
        BearerToken::prepare(&AccessToken::new(token.into()), audience, ScopeSet::default(), Duration::ZERO)
    }

    #[test]
    fn refuses_what_would_break_the_header() {
        for token in ["", "=", "a b", "a\r\nx: y", "a,b", "a=b", "ä", "\"a\""] {
            assert!(prepare(token).is_none(), "accepted {token:?}");
        }
    }

    #[test]
    fn shows_itself_nowhere() {
        let token = prepare("eyJ.abc-_~+/.x==").unwrap();
        let mut headers = HeaderMap::new();
        token.attach(&mut headers);
        assert_eq!(headers["authorization"], "Bearer eyJ.abc-_~+/.x==");
        assert_eq!(token.expose(), "eyJ.abc-_~+/.x==");
        let shown = format!("{token:?} {headers:?}");
        assert!(!shown.contains("eyJ"), "{shown}");
    }
}
