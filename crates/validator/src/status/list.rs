use crate::keys::{DocumentKind, FetchError, excerpt};
use crate::window::LEEWAY;
use bridge_jose::profile::NumericDate;
use bridge_jose::{
    Algorithm, ClaimsInvalid, Malformed, SignatureInvalid, StatusList, StatusListClaims, StatusListInvalid, Typ,
    UnverifiedToken, VerificationKey,
};
use bridge_types::{IssuerUrl, KeyId, StatusListUri};
use jiff::Timestamp;
use std::time::Duration;

/// The most that one list takes in memory: 8 million tokens.
const MAX_OPENED: usize = 1 << 20;

const SHORTEST_TTL: Duration = Duration::from_secs(1);
const LONGEST_TTL: Duration = Duration::from_hours(1);
const DEFAULT_TTL: Duration = Duration::from_mins(5);

/// The longest that a copy is used without having been renewed, whatever its `exp` says.
const STALE_CAP: Duration = Duration::from_hours(24);

/// A status list whose signature and claims are those of the issuer, and whose bits are open.
#[derive(Debug)]
pub(super) struct OpenedList {
    pub(super) bits: StatusList,
    pub(super) kid: KeyId,
    pub(super) iat: NumericDate,
    pub(super) exp: NumericDate,
    /// After how long a new one should be fetched.
    pub(super) ttl: Duration,
}

/// What a list has to be.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) issuer: IssuerUrl,
    pub(super) uri: StatusListUri,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) now: Timestamp,
}

/// Why a list is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListDefect {
    #[error(transparent)]
    Fetch(Box<FetchError>),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("no list can be fetched of this issuer")]
    Unfetchable,
    #[error("expected a list, found status 304 to a request without a condition")]
    Unconditional,
    #[error("not text: {0}")]
    Text(#[from] std::string::FromUtf8Error),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("expected typ \"statuslist+jwt\", found {0:?}")]
    Type(String),
    #[error("expected an algorithm of the policy, found {0}")]
    Algorithm(Algorithm),
    #[error("signed with key {0}, which the issuer does not publish")]
    Key(KeyId),
    #[error(transparent)]
    Signature(#[from] SignatureInvalid),
    #[error(transparent)]
    Claims(#[from] ClaimsInvalid),
    #[error("made by another issuer: expected {expected}, found {found}")]
    AnotherIssuer { expected: IssuerUrl, found: IssuerUrl },
    #[error("another list: expected sub {expected}, found {found}")]
    AnotherList { expected: StatusListUri, found: String },
    #[error("made in the future: iat {iat} is ahead of {now}")]
    Future { iat: i64, now: i64 },
    #[error("has no exp: it would say something for ever")]
    Endless,
    #[error("says nothing any more: exp {exp} is past at {now}")]
    Expired { exp: i64, now: i64 },
    #[error("exp {exp} is not after iat {iat}")]
    Backwards { iat: i64, exp: i64 },
    #[error("older than the one before: expected iat {expected} or later, found {found}")]
    Rollback { expected: i64, found: i64 },
    #[error(transparent)]
    Open(#[from] StatusListInvalid),
    #[error("too much: the lists of one issuer take {0} bytes at most")]
    TooMuch(usize),
    #[error("the task that opened it is gone")]
    Abandoned,
}

impl From<FetchError> for ListDefect {
    fn from(error: FetchError) -> Self {
        Self::Fetch(Box::new(error))
    }
}

/// Which key a list says it is signed with, if it is a list at all.
pub(super) fn key_id(token: &str) -> Result<KeyId, ListDefect> {
    let token = UnverifiedToken::parse_up_to(token, DocumentKind::StatusList.max_bytes())?;
    let header = token.header();
    if header.is(Typ::StatusList) {
        return Ok(header.key_id().clone());
    }
    Err(ListDefect::Type(excerpt(header.typ().unwrap_or("none"))))
}

/// Checks a list from its signature to its times, and opens it (draft-ietf-oauth-status-list §8.3). Takes milliseconds.
///
/// Does NOT compare it with the list before.
pub(super) fn open(token: &str, key: &VerificationKey, expected: &Expected) -> Result<OpenedList, ListDefect> {
    let token = UnverifiedToken::parse_up_to(token, DocumentKind::StatusList.max_bytes())?;
    let algorithm = token.header().algorithm();
    if !expected.algorithms.contains(&algorithm) {
        return Err(ListDefect::Algorithm(algorithm));
    }
    let claims: StatusListClaims = token.verify(key)?.claims()?;
    let exp = belongs(&claims, expected)?;
    let bits = StatusList::open(&claims.status_list, MAX_OPENED)?;
    let ttl = claims.ttl.map_or(DEFAULT_TTL, |ttl| Duration::from_secs(ttl.get())).clamp(SHORTEST_TTL, LONGEST_TTL);
    Ok(OpenedList { bits, kid: key.kid().clone(), iat: claims.iat, exp, ttl })
}

/// The `exp` of a list, provided that the list is the expected one and good now.
fn belongs(claims: &StatusListClaims, expected: &Expected) -> Result<NumericDate, ListDefect> {
    if let Some(found) = claims.iss.as_ref().filter(|found| **found != expected.issuer) {
        return Err(ListDefect::AnotherIssuer { expected: expected.issuer.clone(), found: found.clone() });
    }
    if claims.sub != expected.uri {
        return Err(ListDefect::AnotherList { expected: expected.uri.clone(), found: excerpt(claims.sub.as_str()) });
    }
    let (iat, now) = (claims.iat.as_second(), expected.now.as_second());
    if iat > now.saturating_add(LEEWAY) {
        return Err(ListDefect::Future { iat, now });
    }
    let end = claims.exp.ok_or(ListDefect::Endless)?;
    let exp = end.as_second();
    if exp <= iat {
        return Err(ListDefect::Backwards { iat, exp });
    }
    if exp <= now {
        return Err(ListDefect::Expired { exp, now });
    }
    Ok(end)
}

/// For how long a list may be used from now on, by the clock that nobody steps.
pub(super) fn remaining(exp: NumericDate, now: Timestamp) -> Duration {
    Duration::try_from(exp.timestamp().duration_since(now)).unwrap_or_default().min(STALE_CAP)
}

/// When to fetch the next one: well ahead of `ttl`, and not all lists and processes at the same moment.
pub(super) fn refresh_after(ttl: Duration, exp: NumericDate, now: Timestamp) -> Duration {
    ttl.min(remaining(exp, now)).mul_f64(0.6 + 0.15 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::refresh_after;
    use bridge_jose::profile::NumericDate;
    use jiff::Timestamp;
    use std::time::Duration;

    #[test]
    fn the_next_list_is_fetched_ahead_of_ttl_and_of_exp() {
        let now = Timestamp::from_second(1000).unwrap();
        let exp = |second| NumericDate::from(Timestamp::from_second(second).unwrap());
        let secs = Duration::from_secs;
        for (ttl, end, least, most) in [(30, 2200, 18.0, 22.5), (3600, 1040, 24.0, 30.0), (30, 900, 0.0, 0.0)] {
            for _ in 0..100 {
                let after = refresh_after(secs(ttl), exp(end), now).as_secs_f64();
                assert!((least..=most).contains(&after), "{ttl} {end}: {after}");
            }
        }
    }
}
