use super::MessageId;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How often a message is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The pause after the first failed attempt; each further one doubles it.
    pub first: Duration,
    /// No pause is longer. It also bounds how long a partner that is back again has to wait.
    pub longest: Duration,
    /// How many times a message is refused for good before it becomes a dead letter.
    pub refusals: u32,
    /// How many messages are under way at once, each of another aggregate.
    pub parallel: usize,
    /// How many of them may be for one recipient, so that one that does not answer leaves places to the others.
    pub per_recipient: usize,
}

impl Default for Pace {
    /// A quarter of a second, doubling up to 30 seconds; dead after 8 refusals (half a minute); 8 at once, 2 of them for
    /// one recipient.
    fn default() -> Self {
        let (first, longest) = (Duration::from_millis(250), Duration::from_secs(30));
        Self { first, longest, refusals: 8, parallel: 8, per_recipient: 2 }
    }
}

impl Pace {
    /// The pause after an attempt: between half of the step and all of it. The part is drawn from the message's name,
    /// which is random, so messages that failed together do not come back together.
    pub(crate) fn pause(&self, id: MessageId, attempt: u32) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let half = doubled.min(self.longest) / 2;
        let mut hasher = DefaultHasher::new();
        (id.bits(), attempt).hash(&mut hasher);
        let part = u32::from(u8::try_from(hasher.finish() & 0xff).unwrap_or(u8::MAX));
        half + half * part / u32::from(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use crate::MessageId;
    use std::collections::HashSet;
    use std::time::Duration;

    fn id(number: u128) -> MessageId {
        uuid::Uuid::from_u128(number).to_string().parse().unwrap()
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pace = Pace { first: Duration::from_millis(100), longest: Duration::from_secs(2), ..Pace::default() };
        for (attempt, step) in [(1, 100), (2, 200), (3, 400), (5, 1600), (6, 2000), (u32::MAX, 2000)] {
            let (pause, step) = (pace.pause(id(7), attempt), Duration::from_millis(step));
            assert!(pause >= step / 2 && pause <= step, "attempt {attempt}: {pause:?} of {step:?}");
        }
    }

    #[test]
    fn messages_that_failed_together_come_back_apart() {
        let pauses: HashSet<_> = (0..100).map(|number| Pace::default().pause(id(number), 4)).collect();
        assert!(pauses.len() > 50, "{}", pauses.len());
    }
}
