use super::{Client, Tester};
use crate::side::Side;
use bridge_jose::profile::{AssertionClaims, SoleAudience};
use bridge_jose::{SignError, Typ, sign};
use bridge_types::{ClientId, Invalid, TokenId};
use jiff::{SignedDuration, Timestamp};

/// How long an assertion of the tester lives.
const LIFETIME: SignedDuration = SignedDuration::from_secs(50);

/// Why an assertion could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssertionError {
    /// Its key refuses.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Its words are not well-formed.
    #[error(transparent)]
    Word(#[from] Invalid),
}

impl Tester {
    /// A new client assertion (RFC 7523 as updated by RFC 10070) of a client of a company, for that company's issuer.
    pub(crate) fn assertion(
        &self,
        side: Side,
        client: Client,
        issuer: &str,
        now: Timestamp,
    ) -> Result<String, AssertionError> {
        let id: ClientId = client.id().parse()?;
        let claims = AssertionClaims {
            iss: id.clone(),
            sub: id,
            aud: SoleAudience::new(issuer),
            jti: TokenId::random(),
            iat: Some(now.into()),
            nbf: None,
            exp: now.saturating_add(LIFETIME).unwrap_or(now).into(),
        };
        Ok(sign(&self.clients[side], Typ::ClientAssertion, &claims)?)
    }
}
