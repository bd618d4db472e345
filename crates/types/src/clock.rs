use jiff::Timestamp;
use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Where time comes from. Passed in everywhere, so that a stopped, stepped or skewed clock is a test case and not an
/// accident.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time of day: what `iat`, `nbf` and `exp` are compared with.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment of this process. Never steps back: what ages and time-outs are measured with.
    fn monotonic(&self) -> Duration;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// The clock, its monotonic time starting now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}
