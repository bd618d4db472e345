use super::campaign::Shot;
use bridge_testkit::attacks::Fault;
use serde::Serialize;
use std::fmt;

/// How many answers were right, and how the others were wrong. A shot counts once, by its worst fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Nothing was wrong.
    pub(super) right: usize,
    /// Served, and had to be refused.
    pub(super) wrong_accepts: usize,
    /// Refused, and had to be served.
    pub(super) wrong_refusals: usize,
    /// Refused rightly, but with another answer than the clause has, with a leak, by failing, or not at all.
    pub(super) other_faults: usize,
}

impl Tally {
    /// Counts.
    pub(super) fn of(shots: &[Shot]) -> Self {
        let mut tally = Self::default();
        for shot in shots {
            let has = |wanted: fn(&Fault) -> bool| shot.faults.iter().any(wanted);
            let place = if shot.faults.is_empty() {
                &mut tally.right
            } else if has(|fault| matches!(fault, Fault::WrongAccept { .. })) {
                &mut tally.wrong_accepts
            } else if has(|fault| matches!(fault, Fault::WrongRefusal { .. })) {
                &mut tally.wrong_refusals
            } else {
                &mut tally.other_faults
            };
            *place += 1;
        }
        tally
    }

    /// True when nothing was wrong.
    pub(super) fn clean(&self) -> bool {
        self.wrong_accepts + self.wrong_refusals + self.other_faults == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { right, wrong_accepts, wrong_refusals, other_faults } = self;
        write!(
            f,
            "{right} right, {wrong_accepts} wrong accepts, {wrong_refusals} wrong refusals, {other_faults} other faults"
        )
    }
}
