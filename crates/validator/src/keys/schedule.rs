use super::timing::KeyTiming;
use jiff::Timestamp;
use std::time::Duration;
use tokio::sync::watch;

/// When an issuer may be asked for its keys. A plain state machine: it is told the time and starts nothing itself.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// The flight on its way. It ends when the sender is dropped.
    flight: Option<watch::Receiver<()>>,
    /// Unknown key ids start no flight before this.
    cooldown_until: Duration,
    /// Word from the issuer itself starts no flight before this.
    word_not_before: Duration,
    /// After a failure nothing starts a flight before this.
    not_before: Duration,
    failures: u32,
    last: Option<(Timestamp, Result<(), String>)>,
}

/// What a request may do whose key is not held.
#[derive(Debug)]
pub(crate) enum Demand {
    /// Wait for the flight that is on its way.
    Join(watch::Receiver<()>),
    /// Start a flight, and wait for it unless the issuer failed last time.
    Start { ticket: watch::Sender<()>, wait: bool },
    /// Neither.
    Refused,
}

impl Schedule {
    /// Decides for a request whose key is not held.
    ///
    /// While keys are held the key id is unknown, perhaps invented: the cooldown is claimed here, before the fetch, so
    /// that no number of invented ids causes a second one.
    pub(crate) fn demand(&mut self, now: Duration, have_keys: bool, timing: &KeyTiming) -> Demand {
        self.forget_lost_flight();
        let failing = self.is_failing();
        if let Some(flight) = &self.flight {
            return if failing { Demand::Refused } else { Demand::Join(flight.clone()) };
        }
        if now < self.not_before || (have_keys && now < self.cooldown_until) {
            return Demand::Refused;
        }
        if have_keys {
            self.cooldown_until = now + timing.cooldown;
        }
        Demand::Start { ticket: self.take_off(), wait: !failing }
    }

    /// A flight for somebody who speaks for the issuer and says that there is a new key: it does not wait for the cooldown
    /// of invented key ids, because it leads to that issuer's own endpoint alone, and has a short one of its own.
    pub(crate) fn on_word(&mut self, now: Duration, pause: Duration) -> Demand {
        self.forget_lost_flight();
        if let Some(flight) = &self.flight {
            return Demand::Join(flight.clone());
        }
        if now < self.not_before.max(self.word_not_before) {
            return Demand::Refused;
        }
        self.word_not_before = now + pause;
        Demand::Start { ticket: self.take_off(), wait: true }
    }

    /// A flight for the background: for keys that are not fresh, and to learn whether an issuer that failed is back.
    pub(crate) fn take_if_due(&mut self, now: Duration, fresh: bool) -> Option<watch::Sender<()>> {
        self.forget_lost_flight();
        let wanted = !fresh || self.is_failing();
        (wanted && self.flight.is_none() && now >= self.not_before).then(|| self.take_off())
    }

    /// A flight that ended without landing, as after a panic, must not keep the next one on the ground.
    fn forget_lost_flight(&mut self) {
        if self.flight.as_ref().is_some_and(|flight| flight.has_changed().is_err()) {
            self.flight = None;
        }
    }

    fn take_off(&mut self) -> watch::Sender<()> {
        let (ticket, flight) = watch::channel(());
        self.flight = Some(flight);
        ticket
    }

    /// A flight came back with other keys than before, so that whoever named an unknown one may have told the truth: the
    /// cooldown of invented key ids is cut to this long from now.
    pub(crate) fn believe(&mut self, now: Duration, pause: Duration) {
        self.cooldown_until = self.cooldown_until.min(now + pause);
    }

    /// A flight came back with keys.
    pub(crate) fn succeed(&mut self, at: Timestamp) {
        let Self { cooldown_until, word_not_before, .. } = *self;
        *self = Self { cooldown_until, word_not_before, last: Some((at, Ok(()))), ..Self::default() };
    }

    /// A flight came back without. `not_before` says, for this many failures in a row, when the next one may start.
    pub(crate) fn fail(&mut self, at: Timestamp, not_before: impl FnOnce(u32) -> Duration, error: String) {
        self.flight = None;
        self.failures = self.failures.saturating_add(1);
        self.not_before = not_before(self.failures);
        self.last = Some((at, Err(error)));
    }

    /// True when the last flight failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// How long until a flight may start again.
    pub(crate) fn retry_after(&self, now: Duration) -> Duration {
        self.not_before.saturating_sub(now)
    }

    pub(crate) fn last(&self) -> Option<&(Timestamp, Result<(), String>)> {
        self.last.as_ref()
    }
}
