//! When to renew, and when to try again.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(15);

/// How far into a lease its renewal starts: at two thirds, less up to a tenth of the lease, so that replicas that started
/// together do not ask together.
pub(crate) fn renewal_delay(lease: Duration) -> Duration {
    lease.mul_f64(2.0 / 3.0 - fastrand::f64() / 10.0)
}

/// The growing pauses between failed attempts.
pub(crate) fn backoff() -> impl Iterator<Item = Duration> {
    let delays = ExponentialBuilder::new().with_min_delay(FIRST_DELAY).with_max_delay(LONGEST_DELAY);
    let delays: ExponentialBackoff = delays.without_max_times().with_jitter().build();
    delays
}

#[cfg(test)]
mod tests {
    use super::renewal_delay;
    use std::time::Duration;

    #[test]
    fn renews_at_two_thirds_of_the_lease_or_a_little_before() {
        let delays: Vec<_> = (0..1000).map(|_| renewal_delay(Duration::from_mins(5)).as_secs_f64()).collect();
        assert!(delays.iter().all(|delay| (170.0..=200.0).contains(delay)), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay < 175.0) && delays.iter().any(|delay| *delay > 195.0), "{delays:?}");
    }
}
