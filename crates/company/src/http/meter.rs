use std::cell::Cell;
use std::time::Duration;
use tokio::time::sleep;

/// What a connection is doing, as far as it takes to tell one that is in use from one that only takes a place.
///
/// actix-http 3.20 bounds the time that the head of the FIRST request takes, and how long a connection is quiet between
/// requests. It bounds neither the head of a later request, of which one byte is enough to be never closed, nor how long
/// an answer waits for a caller that does not read it.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    handling: Cell<usize>,
    answered: Cell<bool>,
    head_begun: Cell<bool>,
    /// Counts changes of the above, so that "the same as a moment ago" can be told from "the same again".
    changes: Cell<u64>,
}

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the head of a request, once its first byte is there.
    pub(super) head: Duration,
    /// For the next request, or for taking an answer.
    pub(super) quiet: Duration,
}

/// A request of this connection is being handled for as long as this lives.
#[derive(Debug)]
pub(crate) struct Handling<'m>(&'m Meter);

/// How exactly the shortest of the times is kept: to a quarter.
const TICKS: u32 = 4;

impl Meter {
    /// Bytes came from the caller.
    pub(super) fn received(&self) {
        if self.answered.get() && self.handling.get() == 0 && !self.head_begun.replace(true) {
            self.changed();
        }
    }

    /// A request begins to be handled.
    pub(crate) fn handle(&self) -> Handling<'_> {
        self.handling.set(self.handling.get() + 1);
        self.head_begun.set(false);
        self.changed();
        Handling(self)
    }

    /// Resolves once the connection has taken longer than it may. The time that we take for an answer does not count.
    ///
    /// It looks four times in the shortest of the times instead of reading a clock at every request.
    pub(super) async fn overdue(&self, patience: Patience) {
        let tick = patience.head.min(patience.quiet) / TICKS;
        let (mut seen, mut passed) = (self.changes.get(), Duration::ZERO);
        loop {
            sleep(tick).await;
            passed += tick;
            let changes = self.changes.get();
            if std::mem::replace(&mut seen, changes) != changes {
                passed = Duration::ZERO;
            }
            let enough = if self.head_begun.get() { patience.head } else { patience.quiet };
            if self.handling.get() == 0 && passed >= enough {
                return;
            }
        }
    }

    fn changed(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
    }
}

impl Drop for Handling<'_> {
    fn drop(&mut self) {
        let Self(meter) = self;
        meter.handling.set(meter.handling.get() - 1);
        meter.answered.set(true);
        meter.changed();
    }
}

#[cfg(test)]
mod tests {
    use super::{Meter, Patience};
    use std::time::Duration;
    use tokio::time::timeout;

    const PATIENCE: Patience = Patience { head: Duration::from_millis(80), quiet: Duration::from_millis(400) };

    /// True when the connection is overdue within about this many milliseconds.
    async fn overdue_within(meter: &Meter, milliseconds: u64) -> bool {
        timeout(Duration::from_millis(milliseconds), meter.overdue(PATIENCE)).await.is_ok()
    }

    #[tokio::test]
    async fn a_quiet_connection_may_stay_longer_than_a_head_that_does_not_end() {
        let meter = Meter::default();
        drop(meter.handle());
        assert!(!overdue_within(&meter, 250).await);
        assert!(overdue_within(&meter, 2_000).await);
        meter.received();
        assert!(overdue_within(&meter, 250).await);
    }

    #[tokio::test]
    async fn nobody_is_cut_off_while_waiting_for_us() {
        let meter = Meter::default();
        drop(meter.handle());
        meter.received();
        let handling = meter.handle();
        meter.received();
        assert!(!overdue_within(&meter, 1_000).await);
        drop(handling);
        assert!(overdue_within(&meter, 2_000).await);
    }

    #[tokio::test]
    async fn more_bytes_of_the_same_head_buy_no_time() {
        let meter = Meter::default();
        drop(meter.handle());
        let drip = async {
            loop {
                meter.received();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let overdue = meter.overdue(PATIENCE);
        let first = async {
            tokio::select! {
                () = overdue => true,
                () = drip => false,
            }
        };
        assert_eq!(timeout(Duration::from_millis(300), first).await, Ok(true));
    }
}
