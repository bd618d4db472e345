//! Whose message goes next. A recipient that hangs keeps the places that it has until its deliveries time out; without
//! bounds it would soon have all of them.

use super::{MessageId, Pace};
use std::collections::HashMap;
use std::time::Duration;

/// The deliveries under way, and how each recipient fares.
#[derive(Debug)]
pub(super) struct Turns {
    pace: Pace,
    under_way: HashMap<MessageId, String>,
    recipients: HashMap<String, Standing>,
    /// Counts turns, to tell who had the last one.
    turn: u64,
}

/// How a recipient fares.
#[derive(Debug, Default)]
struct Standing {
    under_way: usize,
    last_turn: u64,
    /// Failed deliveries since the last one that reached it.
    failures: u32,
    /// It is left alone until then, by the monotonic clock.
    rests_until: Duration,
}

impl Turns {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, under_way: HashMap::new(), recipients: HashMap::new(), turn: 0 }
    }

    /// The messages under way.
    pub(super) fn under_way(&self) -> impl Iterator<Item = MessageId> {
        self.under_way.keys().copied()
    }

    /// How many more messages a recipient may get now. One that failed gets one, to see whether it works again.
    pub(super) fn room(&self, recipient: &str, now: Duration) -> usize {
        let free = self.pace.parallel.saturating_sub(self.under_way.len());
        let Some(standing) = self.recipients.get(recipient) else { return free.min(self.pace.per_recipient) };
        if now < standing.rests_until {
            return 0;
        }
        let most = if standing.failures == 0 { self.pace.per_recipient } else { self.pace.per_recipient.min(1) };
        free.min(most.saturating_sub(standing.under_way))
    }

    /// Whose turn it is among these: the one with the fewest deliveries under way, then the one that waited longest.
    pub(super) fn next<'r>(&self, recipients: impl Iterator<Item = &'r str>, now: Duration) -> Option<&'r str> {
        let standing = |recipient: &str| {
            self.recipients.get(recipient).map_or((0, 0), |standing| (standing.under_way, standing.last_turn))
        };
        recipients.filter(|recipient| self.room(recipient, now) > 0).min_by_key(|recipient| standing(recipient))
    }

    /// When the next of the recipients that are left alone gets another try.
    pub(super) fn next_rest_end(&self, now: Duration) -> Option<Duration> {
        self.recipients.values().map(|standing| standing.rests_until).filter(|end| *end > now).min()
    }

    /// A delivery begins.
    pub(super) fn start(&mut self, message: MessageId, recipient: &str) {
        self.turn += 1;
        let standing = self.recipients.entry(recipient.to_owned()).or_default();
        standing.under_way += 1;
        standing.last_turn = self.turn;
        self.under_way.insert(message, recipient.to_owned());
    }

    /// A delivery has reached its recipient, whatever that made of it.
    pub(super) fn reached(&mut self, message: MessageId) {
        if let Some(standing) = self.end(message) {
            standing.failures = 0;
            standing.rests_until = Duration::ZERO;
        }
    }

    /// A delivery did not reach its recipient, which is left alone for a growing while, or for as long as it asked.
    pub(super) fn missed(&mut self, message: MessageId, retry_after: Option<Duration>, now: Duration) {
        let pace = self.pace;
        if let Some(standing) = self.end(message) {
            standing.failures = standing.failures.saturating_add(1);
            let pause = pace.pause(message, standing.failures).max(retry_after.unwrap_or_default());
            standing.rests_until = now + pause.min(pace.longest);
        }
    }

    /// Forgets the recipients that nothing is to be said about.
    pub(super) fn forget_all_but(&mut self, waiting: &[String]) {
        self.recipients.retain(|recipient, standing| standing.under_way > 0 || waiting.contains(recipient));
    }

    fn end(&mut self, message: MessageId) -> Option<&mut Standing> {
        let recipient = self.under_way.remove(&message)?;
        let standing = self.recipients.get_mut(&recipient)?;
        standing.under_way = standing.under_way.saturating_sub(1);
        Some(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::{MessageId, Pace, Turns};
    use std::time::Duration;
    use uuid::Uuid;

    const START: Duration = Duration::ZERO;

    fn message(number: u128) -> MessageId {
        Uuid::from_u128(number).to_string().parse().unwrap()
    }

    #[test]
    fn recipients_take_turns() {
        let recipients = ["a", "b", "c"];
        let mut turns = Turns::new(Pace { parallel: 1, ..Pace::default() });
        let mut order = Vec::new();
        for number in 0..6 {
            let next = turns.next(recipients.into_iter(), START).unwrap();
            turns.start(message(number), next);
            assert_eq!(turns.next(recipients.into_iter(), START), None, "more are under way than may be");
            turns.reached(message(number));
            order.push(next);
        }
        assert_eq!(order, ["a", "b", "c", "a", "b", "c"]);
    }

    #[test]
    fn one_recipient_never_has_more_than_its_share() {
        let mut turns = Turns::new(Pace::default());
        turns.start(message(1), "a");
        assert_eq!(turns.room("a", START), 1);
        turns.start(message(2), "a");
        assert_eq!((turns.room("a", START), turns.room("b", START)), (0, 2));
        assert_eq!(turns.next(["a", "b"].into_iter(), START), Some("b"));
    }

    #[test]
    fn a_recipient_that_failed_rests_and_then_gets_one_message() {
        let mut turns = Turns::new(Pace::default());
        turns.start(message(1), "a");
        turns.missed(message(1), Some(Duration::from_secs(7)), START);
        assert_eq!(turns.next_rest_end(START), Some(Duration::from_secs(7)));
        assert_eq!((turns.room("a", Duration::from_secs(6)), turns.room("a", Duration::from_secs(7))), (0, 1));
        turns.start(message(2), "a");
        assert_eq!(turns.room("a", Duration::from_secs(7)), 0);
        turns.reached(message(2));
        assert_eq!(turns.room("a", Duration::from_secs(7)), 2);
    }

    #[test]
    fn no_recipient_is_left_alone_for_longer_than_the_longest_pause() {
        let mut turns = Turns::new(Pace::default());
        turns.start(message(1), "a");
        turns.missed(message(1), Some(Duration::MAX), START);
        assert_eq!(turns.next_rest_end(START), Some(Pace::default().longest));
    }
}
