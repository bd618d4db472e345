use crate::defect::ClientDefect;
use crate::record::Attempt;
use crate::request::Credentials;
use crate::{Client, Clients, KeySnapshot, UsedAssertion};
use bridge_jose::profile::{AssertionClaims, NumericDate};
use bridge_jose::{Header, Typ, UnverifiedToken};
use bridge_types::{IssuerUrl, KeyId};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The longest life of a client assertion, in seconds.
const MAX_LIFETIME: i64 = 60;

/// How far the clocks of client and issuer may be apart, in seconds.
pub(crate) const LEEWAY: i64 = 30;

/// What an assertion is compared with.
pub(crate) struct Known<'k> {
    pub(crate) issuer: &'k IssuerUrl,
    pub(crate) clients: &'k Clients,
    pub(crate) keys: &'k KeySnapshot,
}

/// A client assertion whose signature and claims are good. Whether it is used for the first time is not known yet.
pub(crate) struct VerifiedAssertion {
    pub(crate) client: Arc<Client>,
    /// The key that signed it, when it is one of the client's own.
    pub(crate) key: Option<KeyId>,
    pub(crate) used: UsedAssertion,
}

impl VerifiedAssertion {
    /// Checks a client assertion (RFC 7523 §3 as updated by RFC 10070), cheap before costly.
    ///
    /// - `typ` is `client-authentication+jwt`, or absent, or `JWT`, which clients older than RFC 10070 send. Every other
    ///   type is refused, so that no other kind of token signed with the same key can stand in for an assertion.
    /// - `iss` and `sub` are the client id; `aud` is the issuer identifier, byte for byte, as the only value. The URL
    ///   of the token endpoint is refused: a client that can be told another issuer's endpoint would otherwise sign an
    ///   assertion that this issuer takes.
    /// - `exp` is within 60 seconds, `jti` is there; `iat` and `nbf` count when they are there.
    ///
    /// Does NOT claim the `jti`.
    pub(crate) fn check(
        credentials: &Credentials<'_>,
        known: &Known<'_>,
        now: Timestamp,
        attempt: &mut Attempt,
    ) -> Result<Self, ClientDefect> {
        let token = UnverifiedToken::parse(credentials.assertion)?;
        attempt.kid = Some(token.header().key_id().clone());
        if !type_accepted(token.header()) {
            return Err(ClientDefect::Type);
        }
        let claimed = token.unverified_issuer()?;
        attempt.client_names(claimed.as_str());
        let client = known.clients.find(claimed.as_str()).ok_or(ClientDefect::Unknown)?;
        if credentials.client_id.is_some_and(|id| id != claimed.as_str()) {
            return Err(ClientDefect::ClientIdMismatch);
        }
        let key = client.key(token.header().key_id(), known.keys).ok_or(ClientDefect::KeyUnknown)?;
        let claims: AssertionClaims = token.verify(&key)?.claims()?;
        check_parties(&claims, client, known.issuer)?;
        check_time(&claims, now.as_second())?;
        let remember_until = claims.exp.timestamp() + SignedDuration::from_secs(LEEWAY);
        let used = UsedAssertion { client: client.id().clone(), id: claims.jti, remember_until };
        Ok(Self { client: Arc::clone(client), key: Some(key.kid().clone()), used })
    }
}

fn type_accepted(header: &Header) -> bool {
    header.is(Typ::ClientAssertion) || header.typ().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
}

/// The verified `iss` is compared again: the key was found by a reading of the payload that nobody had verified.
fn check_parties(claims: &AssertionClaims, client: &Client, issuer: &IssuerUrl) -> Result<(), ClientDefect> {
    if claims.iss != *client.id() || claims.sub != claims.iss {
        return Err(ClientDefect::SubjectMismatch);
    }
    if claims.aud.as_str() != issuer.as_str() {
        return Err(ClientDefect::AudienceMismatch);
    }
    Ok(())
}

/// In seconds, because `exp`, `iat` and `nbf` have no fractions; no sum can leave the range of the calendar this way.
fn check_time(claims: &AssertionClaims, now: i64) -> Result<(), ClientDefect> {
    let exp = claims.exp.as_second();
    let later_than_now = |moment: Option<NumericDate>| moment.is_some_and(|moment| moment.as_second() > now + LEEWAY);
    if now >= exp + LEEWAY {
        return Err(ClientDefect::Expired);
    }
    if later_than_now(claims.nbf) {
        return Err(ClientDefect::NotYetValid);
    }
    if later_than_now(claims.iat) {
        return Err(ClientDefect::IssuedInFuture);
    }
    let too_long = claims.iat.is_some_and(|iat| exp - iat.as_second() > MAX_LIFETIME);
    if too_long || exp - now > MAX_LIFETIME + LEEWAY {
        return Err(ClientDefect::LifetimeExceeded);
    }
    // The leeway is for clocks that differ, and iat, nbf and exp were read from the same one.
    if claims.iat.max(claims.nbf).is_some_and(|begin| claims.exp <= begin) {
        return Err(ClientDefect::NeverValid);
    }
    Ok(())
}
