use super::slot::Slot;
use arc_swap::ArcSwap;
use bridge_types::{Audience, ScopeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const MAX_SLOTS: usize = 64;
/// A slot that nobody used for so long, and whose token has expired, is dropped.
const LAPSE: Duration = Duration::from_mins(15);

/// The slots of one token source: a sorted snapshot that is read without a lock and replaced as a whole.
#[derive(Debug, Default)]
pub(super) struct Slots {
    snapshot: ArcSwap<Vec<Arc<Slot>>>,
    change: Mutex<()>,
}

impl Slots {
    /// Reads something from a slot, if there is one for this audience and exactly these scopes.
    pub(super) fn with<T>(
        &self,
        audience: &Audience,
        scopes: &ScopeSet,
        read: impl FnOnce(&Arc<Slot>) -> Option<T>,
    ) -> Option<T> {
        let slots = self.snapshot.load();
        position(&slots, audience, scopes).ok().and_then(|index| read(&slots[index]))
    }

    /// The slot, made if need be. When there are too many, the one that was not used for the longest time goes; flights
    /// and tokens that others hold are not touched by that.
    pub(super) fn find_or_add(&self, audience: &Audience, scopes: &ScopeSet, now: Duration) -> Arc<Slot> {
        let _one_at_a_time = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.snapshot.load();
        if let Ok(index) = position(&known, audience, scopes) {
            return Arc::clone(&known[index]);
        }
        let mut slots = living(&known, now);
        if slots.len() >= MAX_SLOTS
            && let Some(oldest) = (0..slots.len()).min_by_key(|&index| slots[index].used_at())
        {
            slots.remove(oldest);
        }
        let slot = Arc::new(Slot::new(audience.clone(), scopes.clone(), now));
        let (Ok(place) | Err(place)) = position(&slots, audience, scopes);
        slots.insert(place, Arc::clone(&slot));
        self.snapshot.store(Arc::new(slots));
        slot
    }

    /// Drops the slots that have lapsed.
    pub(super) fn prune(&self, now: Duration) {
        let _one_at_a_time = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.snapshot.load();
        let living = living(&known, now);
        if living.len() < known.len() {
            self.snapshot.store(Arc::new(living));
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.snapshot.load().len()
    }
}

fn position(slots: &[Arc<Slot>], audience: &Audience, scopes: &ScopeSet) -> Result<usize, usize> {
    slots.binary_search_by(|slot| slot.audience.cmp(audience).then_with(|| slot.scopes.cmp(scopes)))
}

fn living(slots: &[Arc<Slot>], now: Duration) -> Vec<Arc<Slot>> {
    slots.iter().filter(|slot| now < slot.used_at() + LAPSE || slot.remaining(now).is_some()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{LAPSE, MAX_SLOTS, Slots};
    use bridge_types::{Audience, ScopeSet};
    use std::sync::Arc;
    use std::time::Duration;

    fn audience(number: usize) -> Audience {
        format!("https://api-{number}.example").parse().unwrap()
    }

    fn scopes(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    #[test]
    fn a_slot_is_found_by_audience_and_exact_scopes() {
        let slots = Slots::default();
        let slot = slots.find_or_add(&audience(1), &scopes("a b"), Duration::ZERO);
        assert!(Arc::ptr_eq(&slot, &slots.find_or_add(&audience(1), &scopes("b a"), Duration::ZERO)));
        for (number, wanted) in [(1, "a"), (1, "b"), (1, "a b c"), (2, "a b")] {
            assert!(slots.with(&audience(number), &scopes(wanted), |_| Some(())).is_none(), "{number} {wanted}");
        }
    }

    #[test]
    fn their_number_is_bounded_and_the_least_used_goes_first() {
        let slots = Slots::default();
        for number in 0..=MAX_SLOTS {
            slots.find_or_add(&audience(number), &scopes("a"), Duration::from_secs(number as u64));
        }
        assert_eq!(slots.len(), MAX_SLOTS);
        assert!(slots.with(&audience(0), &scopes("a"), |_| Some(())).is_none());
        assert!(slots.with(&audience(MAX_SLOTS), &scopes("a"), |_| Some(())).is_some());
    }

    #[test]
    fn unused_slots_lapse() {
        let slots = Slots::default();
        slots.find_or_add(&audience(1), &scopes("a"), Duration::ZERO);
        slots.find_or_add(&audience(2), &scopes("a"), Duration::from_secs(1));
        slots.prune(LAPSE);
        assert_eq!(slots.len(), 1);
        slots.prune(LAPSE + Duration::from_secs(1));
        assert_eq!(slots.len(), 0);
    }
}
