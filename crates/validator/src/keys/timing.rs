use super::FetcherSource;
use crate::status::StatusStore;
use bridge_types::Clock;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What the key caches of all issuers share.
#[derive(Clone)]
pub struct KeySetup {
    /// Makes the client that fetches from one partner.
    pub fetchers: Arc<dyn FetcherSource>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How long keys are used, and how often they are asked for.
    pub timing: KeyTiming,
    /// Where revocations are kept over a restart; without it they are forgotten.
    pub status: Option<Arc<dyn StatusStore>>,
}

impl fmt::Debug for KeySetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySetup").field("timing", &self.timing).finish_non_exhaustive()
    }
}

/// How long fetched keys are used, and how often an issuer is asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTiming {
    /// Keys count as fresh for at least this long, whatever `Cache-Control` says. Default: 1 minute.
    pub min_fresh: Duration,
    /// Keys count as fresh for at most this long. Default: 1 hour.
    pub max_fresh: Duration,
    /// For how long when the answer does not say. Default: 5 minutes.
    pub default_fresh: Duration,
    /// Keys that could not be renewed are used for this long after they were fetched, and then not any more. Measured
    /// with the monotonic clock, so a stepped clock does not stretch it. Default: 24 hours.
    pub stale_cap: Duration,
    /// Unknown key ids cause at most one fetch per this time. Default: 30 seconds.
    pub cooldown: Duration,
    /// How long a request waits for a key. Default: 5 seconds.
    pub request_wait: Duration,
    /// How long one document may take, connecting included. Default: 5 seconds.
    pub fetch_timeout: Duration,
    /// The pause after a first failure while no keys are held; it doubles with each one more. Default: half a second.
    pub first_retry: Duration,
    /// The longest such pause. Default: 30 seconds.
    pub longest_retry: Duration,
}

impl Default for KeyTiming {
    fn default() -> Self {
        Self {
            min_fresh: Duration::from_mins(1),
            max_fresh: Duration::from_hours(1),
            default_fresh: Duration::from_mins(5),
            stale_cap: Duration::from_hours(24),
            cooldown: Duration::from_secs(30),
            request_wait: Duration::from_secs(5),
            fetch_timeout: Duration::from_secs(5),
            first_retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(30),
        }
    }
}

impl KeyTiming {
    /// For how long an answer is fresh.
    pub(super) fn fresh_for(&self, max_age: Option<Duration>) -> Duration {
        max_age.unwrap_or(self.default_fresh).min(self.max_fresh).max(self.min_fresh)
    }

    /// How long to leave an issuer alone after this many failures in a row. One whose keys we hold can wait.
    pub(crate) fn pause_after(&self, failures: u32, have_keys: bool) -> Duration {
        let first = if have_keys { self.cooldown } else { self.first_retry };
        let longest = if have_keys { self.cooldown * 2 } else { self.longest_retry };
        let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        doubled.min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyTiming;
    use std::time::Duration;

    #[test]
    fn freshness_is_bounded_on_both_sides() {
        let timing = KeyTiming::default();
        let secs = Duration::from_secs;
        for (max_age, expected) in [(None, 300), (Some(0), 60), (Some(120), 120), (Some(u64::MAX), 3600)] {
            assert_eq!(timing.fresh_for(max_age.map(secs)), secs(expected));
        }
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let timing = KeyTiming::default();
        let pauses = |have_keys| [1, 2, 3, 100].map(|failures| timing.pause_after(failures, have_keys).as_millis());
        assert_eq!(pauses(false), [500, 1000, 2000, 30_000]);
        assert_eq!(pauses(true), [30_000, 60_000, 60_000, 60_000]);
    }
}
