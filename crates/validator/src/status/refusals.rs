use crate::reason::Reason;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const MINUTES: usize = 60;

/// How often tokens that name one issuer were refused in the last hour, by reason. Takes a few hundred bytes for each
/// reason, whatever happens.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<Reason, LastHour>>);

/// Refusals for one reason, for the partner mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCount {
    /// The reason.
    pub reason: Reason,
    /// How often in the last hour, to the minute.
    pub count: u64,
    /// When the last time was.
    pub last_at: Timestamp,
}

#[derive(Debug)]
struct LastHour {
    minutes: [u32; MINUTES],
    /// The minute since 1970 that was last counted in.
    current: i64,
    last_at: Timestamp,
}

impl Refusals {
    pub(super) fn note(&self, reason: Reason, now: Timestamp) {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = reasons.entry(reason).or_insert_with(|| LastHour::at(now));
        hour.move_to(now);
        let minute = &mut hour.minutes[slot(hour.current)];
        *minute = minute.saturating_add(1);
        hour.last_at = now;
    }

    pub(super) fn counts(&self, now: Timestamp) -> Vec<RefusalCount> {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = reasons.iter_mut().map(|(reason, hour)| {
            hour.move_to(now);
            let count = hour.minutes.iter().copied().map(u64::from).sum();
            RefusalCount { reason: *reason, count, last_at: hour.last_at }
        });
        counted.filter(|refusals| refusals.count > 0).collect()
    }
}

impl LastHour {
    fn at(now: Timestamp) -> Self {
        Self { minutes: [0; MINUTES], current: minute(now), last_at: now }
    }

    /// Forgets the minutes that are more than an hour ago. A clock that is stepped back counts in the last minute it had.
    fn move_to(&mut self, now: Timestamp) {
        let now = minute(now);
        let passed = usize::try_from(now.saturating_sub(self.current)).unwrap_or(0).min(MINUTES);
        for ago in 0..passed {
            self.minutes[slot(now.saturating_sub(i64::try_from(ago).unwrap_or(0)))] = 0;
        }
        self.current = self.current.max(now);
    }
}

fn minute(moment: Timestamp) -> i64 {
    moment.as_second().div_euclid(60)
}

fn slot(minute: i64) -> usize {
    usize::try_from(minute.rem_euclid(60)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Refusals;
    use crate::reason::Reason;
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn counts(refusals: &Refusals, second: i64) -> Vec<(&'static str, u64, i64)> {
        let counts = refusals.counts(at(second)).into_iter();
        counts.map(|count| (count.reason.as_str(), count.count, count.last_at.as_second())).collect()
    }

    #[test]
    fn counts_the_last_hour_and_forgets_what_was_before() {
        let refusals = Refusals::default();
        for second in [0, 59, 60, 1800, 1801] {
            refusals.note(Reason::TokenExpired, at(second));
        }
        refusals.note(Reason::TokenRevoked, at(3000));
        assert_eq!(counts(&refusals, 3000), [("token_expired", 5, 1801), ("token_revoked", 1, 3000)]);
        assert_eq!(counts(&refusals, 3600)[0].1, 3, "the first minute is over");
        assert_eq!(counts(&refusals, 3660)[0].1, 2);
        assert_eq!(counts(&refusals, 6000), [("token_revoked", 1, 3000)]);
        assert_eq!(counts(&refusals, 100_000_000), []);
    }

    #[test]
    fn a_clock_that_is_stepped_back_loses_nothing() {
        let refusals = Refusals::default();
        refusals.note(Reason::TokenExpired, at(7200));
        refusals.note(Reason::TokenExpired, at(0));
        assert_eq!(counts(&refusals, 7200)[0].1, 2);
    }
}
