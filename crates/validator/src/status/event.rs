use super::notice::{Notice, NoticeSubject};
use super::receive::ReceiveError;
use crate::keys::excerpt;
use crate::partner::TrustedPartner;
use crate::reason::Reason;
use crate::window::LEEWAY;
use bridge_jose::{ClaimsInvalid, Malformed, SecurityEventClaims, SignatureInvalid, Typ, UnverifiedToken};
use bridge_types::{Audience, IssuerUrl};
use jiff::Timestamp;

/// What became of a security event that is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityEventReceipt {
    /// It is in force from now on.
    Applied,
    /// It was in force before: the sender did not get the first answer, or the events came in another order.
    Repeated,
    /// It means nothing for tokens.
    Ignored,
}

/// Why a security event is not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum EventRefusal {
    /// Not a security event token of the profile (RFC 8417).
    #[error("not a security event: {0}")]
    Malformed(String),
    /// Not of the issuer whose client sent it. No key of anybody else is ever looked at for it.
    #[error("of another issuer: expected {expected}, found {found}")]
    Issuer {
        /// The issuer of the access token.
        expected: IssuerUrl,
        /// `iss`, cut.
        found: String,
    },
    /// Told to somebody else.
    #[error("for another audience: expected {expected}, found {found}")]
    Audience {
        /// This API.
        expected: Audience,
        /// `aud`, cut.
        found: String,
    },
    /// No key of the issuer made the signature.
    #[error("no key of the issuer made it: {0}")]
    Key(String),
    /// It is good, and cannot be put in force now. To be sent again.
    #[error("not now: {0}")]
    Later(String),
}

impl EventRefusal {
    /// The error code of RFC 8935 §2.4; `None` when the event should be sent again.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Malformed(_) => Some("invalid_request"),
            Self::Issuer { .. } => Some("invalid_issuer"),
            Self::Audience { .. } => Some("invalid_audience"),
            Self::Key(_) => Some("invalid_key"),
            Self::Later(_) => None,
        }
    }
}

impl From<Malformed> for EventRefusal {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<SignatureInvalid> for EventRefusal {
    fn from(error: SignatureInvalid) -> Self {
        Self::Key(error.to_string())
    }
}

impl From<ClaimsInvalid> for EventRefusal {
    fn from(error: ClaimsInvalid) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<ReceiveError> for EventRefusal {
    fn from(error: ReceiveError) -> Self {
        Self::Later(error.to_string())
    }
}

impl TrustedPartner {
    /// Takes a security event that a client of THIS partner's issuer has sent (RFC 8935), and puts it in force.
    ///
    /// The event must be signed with a key of the same issuer, be made by it, be about it, and be meant for this API. An
    /// event of any age is taken, because one that comes late is better than none; one from the future is not yet. What
    /// an event denies is never more than tokens and keys of its own issuer.
    ///
    /// # Errors
    /// [`EventRefusal`]; nothing has changed then.
    pub async fn receive_event(&self, token: &str, now: Timestamp) -> Result<SecurityEventReceipt, EventRefusal> {
        let outcome = self.take_event(token, now).await;
        self.keys().status().log_event(&outcome, now);
        outcome.map(|(_, receipt)| receipt)
    }

    async fn take_event(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(SecurityEventClaims, SecurityEventReceipt), EventRefusal> {
        let claims = self.verified_event(token).await?;
        let latest = now.as_second().saturating_add(LEEWAY);
        let happened = claims.event.event_timestamp.as_second();
        if claims.iat.as_second() > latest || happened > latest {
            // One of the two clocks is wrong. Refused for good, the event would be lost when somebody sets it right.
            let detail = format!("it lies in the future: {} and {happened} at {now}", claims.iat.as_second());
            return Err(EventRefusal::Later(detail));
        }
        let Some(notice) = Notice::of(&claims.event) else { return Ok((claims, SecurityEventReceipt::Ignored)) };
        let is_key = matches!(notice.subject, NoticeSubject::Key(_));
        let receipt = self.keys().status().receive(notice).await?;
        if is_key {
            // Lists that the key signed are put out of use, and the issuer is asked for its keys.
            self.keys().tell_status();
            self.keys().refresh_on_word();
        }
        Ok((claims, receipt))
    }

    async fn verified_event(&self, token: &str) -> Result<SecurityEventClaims, EventRefusal> {
        let (policy, token) = (self.policy(), UnverifiedToken::parse(token)?);
        let header = token.header();
        if !header.is(Typ::SecurityEvent) {
            let found = excerpt(header.typ().unwrap_or("none"));
            return Err(EventRefusal::Malformed(format!("expected typ \"secevent+jwt\", found {found:?}")));
        }
        let expected = policy.issuer.url();
        let issuer = token.unverified_issuer()?;
        if issuer.as_str() != expected.as_str() {
            return Err(EventRefusal::Issuer { expected: expected.clone(), found: excerpt(issuer.as_str()) });
        }
        let kid = policy.key_named(header).map_err(|refusal| EventRefusal::Key(refusal.detail.into()))?.clone();
        // Whoever sends it speaks for the issuer: its word that there is another key does not wait for the cooldown of
        // invented key ids. After an emergency the key that signs is as new as the event.
        self.keys().expect(&kid).await;
        let found = self.keys().find(&kid).await.map_err(|refusal| match refusal.reason {
            Reason::KeysUnavailable => EventRefusal::Later(refusal.detail.into()),
            _ => EventRefusal::Key(refusal.detail.into()),
        })?;
        let claims: SecurityEventClaims = token.verify(&found.key)?.claims()?;
        if claims.iss != *expected {
            return Err(EventRefusal::Malformed("iss is repeated".to_owned()));
        }
        if claims.aud.as_str() != policy.audience.as_str() {
            let found = excerpt(claims.aud.as_str());
            return Err(EventRefusal::Audience { expected: policy.audience.clone(), found });
        }
        Ok(claims)
    }
}
