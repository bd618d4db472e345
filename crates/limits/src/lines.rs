use crate::Rate;
use bridge_types::Clock;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bounds the lines of a log that a stranger can cause: so many a second for each kind, and one more that says how many
/// were left out.
///
/// There is one entry for each kind, so a kind is made of configured names and constants, never of what a request says.
pub struct LineBudget<K> {
    per_second: u32,
    clock: Arc<dyn Clock>,
    kinds: Mutex<HashMap<K, Second>>,
}

/// What to do about one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Write it.
    Write,
    /// First say that this many lines of its kind were left out a moment ago, then write it.
    WriteAfter(u64),
    /// Leave it out.
    Suppress,
}

#[derive(Default)]
struct Second {
    began: Duration,
    lines: u32,
    suppressed: u64,
}

impl<K: Clone + Eq + Hash> LineBudget<K> {
    /// So many lines a second of each kind.
    pub fn new(rate: Rate, clock: Arc<dyn Clock>) -> Self {
        Self { per_second: rate.get(), clock, kinds: Mutex::default() }
    }

    /// Counts one line.
    pub fn line(&self, kind: K) -> Line {
        let now = self.clock.monotonic();
        let mut kinds = self.kinds();
        let second = kinds.entry(kind).or_default();
        let left_out = second.turn(now);
        if second.lines >= self.per_second {
            second.suppressed += 1;
            return Line::Suppress;
        }
        second.lines += 1;
        if left_out == 0 { Line::Write } else { Line::WriteAfter(left_out) }
    }

    /// How many lines of each kind were left out in a second that is over, and were not told of yet. Ask every second,
    /// because after the last line of a flood no other may come.
    pub fn left_out(&self) -> Vec<(K, u64)> {
        let now = self.clock.monotonic();
        let mut kinds = self.kinds();
        let told = kinds.iter_mut().map(|(kind, second)| (kind.clone(), second.turn(now)));
        told.filter(|(_, left_out)| *left_out > 0).collect()
    }

    /// Like [`Self::left_out`] for all seconds, the present one included: for when there will be no other time to ask.
    pub fn all_left_out(&self) -> Vec<(K, u64)> {
        let mut kinds = self.kinds();
        let told = kinds.iter_mut().map(|(kind, second)| (kind.clone(), std::mem::take(&mut second.suppressed)));
        told.filter(|(_, left_out)| *left_out > 0).collect()
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<K, Second>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Second {
    /// Begins a new second if the old one is over; gives what the old one left out.
    fn turn(&mut self, now: Duration) -> u64 {
        if now.saturating_sub(self.began) < Duration::from_secs(1) {
            return 0;
        }
        self.began = now;
        self.lines = 0;
        std::mem::take(&mut self.suppressed)
    }
}

impl<K> fmt::Debug for LineBudget<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineBudget").field("per_second", &self.per_second).finish_non_exhaustive()
    }
}
