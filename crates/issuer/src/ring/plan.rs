use super::record::{KeyPurpose, KeyRecord, KeyState};
use crate::IssuerConfig;
use crate::discovery::KEYS_MAX_AGE;
use bridge_jose::Algorithm;
use bridge_types::KeyId;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// More published keys than this are not made, because partners read 100 at most: a rotation waits until one is gone.
const MAX_PUBLISHED: usize = 64;

/// How long the keys of one kind wait and linger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// After this time whoever verifies has looked again at the published keys, without saying so.
    pub(super) known_after: Duration,
    /// After this time whatever a key signed last has expired everywhere.
    pub(super) lingers: SignedDuration,
}

impl Pace {
    pub(super) fn of(purpose: &KeyPurpose) -> Self {
        match purpose {
            // The `max-age` of the key set, and a minute for clocks, caches and replicas. The longest life that any
            // configuration allows, because the present one may be new; the leeway of those who verify; and the same
            // minute.
            KeyPurpose::AccessTokens => Self {
                known_after: Duration::from_secs(KEYS_MAX_AGE.into()) + Duration::from_mins(1),
                lingers: SignedDuration::try_from(IssuerConfig::MAX_LIFETIME).unwrap_or(SignedDuration::MAX)
                    + SignedDuration::from_secs(90),
            },
            // Own processes verify: they follow the store within milliseconds. An assertion lives a minute; the rest is
            // for a process that hangs.
            KeyPurpose::Client(_) => {
                Self { known_after: Duration::from_secs(2), lingers: SignedDuration::from_mins(5) }
            }
        }
    }
}

/// What is to be done next with the keys of one purpose.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// All that a retired key signed has expired.
    Destroy(KeyId),
    /// All that a tainted key signed has expired, so that it can be withdrawn without a word to anybody.
    Revoke(KeyId),
    /// The active key is to be replaced; `asked` when somebody has asked for it already.
    Prepare { of: KeyId, algorithm: Algorithm, asked: bool },
    /// A successor waits to be known.
    Await(KeyId),
    /// A successor is wanted, and too many keys are published.
    Full,
    /// Nothing.
    Rest,
}

/// Decides by the keys of one purpose and a moment that has surely passed.
pub(super) fn next(keys: &[&KeyRecord], now: Timestamp, period: Option<Duration>, pace: Pace) -> Next {
    let over = |since: Option<Timestamp>| since.is_some_and(|since| passed(since, pace.lingers, now));
    for key in keys {
        match key.state {
            KeyState::Retired if over(key.times.retired_at) => return Next::Destroy(key.kid().clone()),
            KeyState::Tainted if over(key.times.tainted_at) => return Next::Revoke(key.kid().clone()),
            _ => {}
        }
    }
    let find = |state| keys.iter().find(|key| key.state == state);
    let Some(active) = find(KeyState::Active) else { return Next::Rest };
    let period = period.and_then(|period| SignedDuration::try_from(period).ok());
    let due = period.is_some_and(|period| active.times.activated_at.is_some_and(|since| passed(since, period, now)));
    let algorithm = active.request.map(|request| request.algorithm);
    let prepared = find(KeyState::Prepared).filter(|key| algorithm.is_none_or(|wanted| wanted == key.algorithm()));
    match (prepared, algorithm) {
        (Some(prepared), _) => Next::Await(prepared.kid().clone()),
        (None, None) if !due => Next::Rest,
        (None, _) if keys.iter().filter(|key| key.state.is_published()).count() >= MAX_PUBLISHED => Next::Full,
        (None, asked) => Next::Prepare {
            of: active.kid().clone(),
            algorithm: asked.unwrap_or(active.algorithm()),
            asked: asked.is_some(),
        },
    }
}

fn passed(since: Timestamp, time: SignedDuration, now: Timestamp) -> bool {
    since.checked_add(time).is_ok_and(|end| now >= end)
}
