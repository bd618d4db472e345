use super::{AGENT, EVENTS_SCOPE, Tester};
use crate::stage::Unmet;
use crate::tester::token::Held;
use bridge_jose::profile::SoleAudience;
use bridge_jose::{EventSubject, SecurityEvent, SecurityEventClaims, Typ, sign};
use bridge_types::TokenId;
use jiff::Timestamp;

/// What the tester's own issuer tells an API.
#[derive(Debug, Clone)]
pub(crate) struct Word<'w> {
    /// The API.
    pub(crate) audience: &'w str,
    /// Whose event it says to be.
    pub(crate) issuer: &'w str,
    /// To what something happened.
    pub(crate) subject: EventSubject,
    /// When.
    pub(crate) happened: Timestamp,
}

impl Tester {
    /// A security event, signed with the key of the tester's own issuer whoever it says to be of.
    pub(crate) fn event(&self, word: &Word<'_>, now: Timestamp) -> Result<String, Unmet> {
        let claims = SecurityEventClaims {
            iss: word.issuer.parse()?,
            aud: SoleAudience::new(word.audience),
            iat: now.into(),
            jti: TokenId::random(),
            event: SecurityEvent {
                event_timestamp: word.happened.into(),
                reason_admin: None,
                subject: word.subject.clone(),
            },
        };
        Ok(sign(&self.issuer, Typ::SecurityEvent, &claims)?)
    }

    /// The access token with which the tester's own issuer tells an API of events.
    pub(crate) fn agent_token(&self, audience: &str, now: Timestamp) -> Result<Held, Unmet> {
        let draft = self.draft(audience, EVENTS_SCOPE, now).claim("client_id", AGENT).claim("sub", AGENT);
        Ok(Held::from(draft.finish()?))
    }
}
