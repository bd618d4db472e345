//! When to ask again: ahead of expiry, and after failures.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// No `Retry-After` of the issuer silences a client for longer than this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

/// How far into a token's life its renewal starts: at a random point between two thirds and four fifths, so that many
/// processes that started together do not ask together.
pub(super) fn renewal_delay(lifetime: Duration) -> Duration {
    lifetime.mul_f64(2.0 / 3.0 + fastrand::f64() * (4.0 / 5.0 - 2.0 / 3.0))
}

/// The growing pauses between failed attempts.
#[derive(Debug)]
pub(super) struct Backoff(ExponentialBackoff);

impl Backoff {
    pub(super) fn new() -> Self {
        let delays = ExponentialBuilder::new().with_min_delay(FIRST_DELAY).with_max_delay(LONGEST_DELAY);
        Self(delays.without_max_times().with_jitter().build())
    }

    /// The next pause: one to two times the current step, or what the issuer asked for if that is longer.
    pub(super) fn next_delay(&mut self, retry_after: Option<Duration>) -> Duration {
        let own = self.0.next().unwrap_or(LONGEST_DELAY);
        own.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, renewal_delay};
    use std::time::Duration;

    #[test]
    fn renews_between_two_thirds_and_four_fifths_of_the_life() {
        let delays: Vec<_> = (0..1000).map(|_| renewal_delay(Duration::from_mins(5))).collect();
        assert!(delays.iter().all(|delay| (200.0..=240.0).contains(&delay.as_secs_f64())), "{delays:?}");
        assert!(delays.iter().max().unwrap().abs_diff(*delays.iter().min().unwrap()) > Duration::from_secs(20));
    }

    #[test]
    fn pauses_grow_up_to_a_cap() {
        let mut backoff = Backoff::new();
        for step in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0] {
            let delay = backoff.next_delay(None).as_secs_f64();
            assert!((step..=step * 2.0).contains(&delay), "expected {step} to {}, found {delay}", step * 2.0);
        }
    }

    #[test]
    fn the_issuer_may_ask_for_more_patience_but_not_for_less() {
        let asks = |seconds| Backoff::new().next_delay(Some(Duration::from_secs(seconds)));
        assert!(asks(0) >= Duration::from_millis(500));
        assert_eq!(asks(120), Duration::from_mins(2));
        assert_eq!(asks(u64::MAX), Duration::from_mins(5));
    }
}
