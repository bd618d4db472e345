use bridge_types::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// A clock that stands still until a test moves it. Time of day and monotonic time move apart when told to.
#[derive(Debug)]
pub struct ManualClock {
    /// Nanoseconds are left out: tokens count seconds, and milliseconds are enough to measure ages.
    now_ms: AtomicI64,
    monotonic_ms: AtomicU64,
}

impl ManualClock {
    /// A clock that shows this moment.
    pub fn at(now: Timestamp) -> Self {
        Self { now_ms: AtomicI64::new(now.as_millisecond()), monotonic_ms: AtomicU64::new(0) }
    }

    /// Lets time pass: both readings move on.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("a test does not wait for an age of the world");
        self.now_ms.fetch_add(by, Ordering::SeqCst);
        self.monotonic_ms.fetch_add(by.unsigned_abs(), Ordering::SeqCst);
    }

    /// Steps the time of day, forward or back, as an operator or NTP would. Monotonic time does not notice.
    pub fn step(&self, by: SignedDuration) {
        let by = i64::try_from(by.as_millis()).expect("a test does not step over an age of the world");
        self.now_ms.fetch_add(by, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_second(1_767_225_600).expect("a moment within the calendar"))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms.load(Ordering::SeqCst)).expect("a moment within the calendar")
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic_ms.load(Ordering::SeqCst))
    }
}
