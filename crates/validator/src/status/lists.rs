use super::slot::ListSlot;
use bridge_types::StatusListUri;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How many lists of one issuer are known at the same time.
pub(super) const MAX_LISTS: usize = 64;

/// What all lists of one issuer may take in memory together.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// After this long a list that nobody has named any more is forgotten: no token lives as long.
const FORGET_AFTER: Duration = Duration::from_hours(2);

/// The status lists of one issuer, by address.
#[derive(Debug, Default)]
pub(super) struct Lists(RwLock<HashMap<StatusListUri, Arc<ListSlot>>>);

impl Lists {
    pub(super) fn all(&self) -> Vec<Arc<ListSlot>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The place of a list that a token or the issuer names; `None` when there are too many.
    ///
    /// Addresses at which no list was ever found give way to new ones: an issuer that names many of them only harms its
    /// own tokens.
    pub(super) fn named(&self, uri: &StatusListUri, monotonic: Duration) -> Option<Arc<ListSlot>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(uri).cloned();
        let slot = known.or_else(|| self.add(uri))?;
        slot.name(monotonic);
        Some(slot)
    }

    fn add(&self, uri: &StatusListUri) -> Option<Arc<ListSlot>> {
        let mut slots = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_LISTS && !slots.contains_key(uri) {
            let empty = slots.values().find(|slot| !slot.is_announced() && slot.held().is_none());
            let empty = empty.map(|slot| slot.uri.clone())?;
            slots.remove(&empty);
        }
        Some(Arc::clone(slots.entry(uri.clone()).or_insert_with(|| Arc::new(ListSlot::new(uri.clone())))))
    }

    /// Notes which lists the issuer says it has.
    pub(super) fn announce(&self, uris: &[StatusListUri], monotonic: Duration) {
        for slot in self.all() {
            slot.set_announced(uris.contains(&slot.uri));
        }
        for uri in uris {
            if let Some(slot) = self.named(uri, monotonic) {
                slot.set_announced(true);
            }
        }
    }

    /// Forgets the lists that no live token can refer to, and those that `allow` does not allow (any more). Gives their
    /// addresses.
    pub(super) fn forget(&self, monotonic: Duration, allow: impl Fn(&StatusListUri) -> bool) -> Vec<StatusListUri> {
        let mut forgotten = Vec::new();
        let long_ago = monotonic.checked_sub(FORGET_AFTER);
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|uri, slot| {
            let old = !slot.is_announced() && long_ago.is_some_and(|then| slot.named_before(then));
            let keep = !old && allow(uri);
            if !keep {
                forgotten.push(uri.clone());
            }
            keep
        });
        forgotten
    }

    /// What the lists other than this one take in memory.
    pub(super) fn bytes_beside(&self, uri: &StatusListUri) -> usize {
        let others = self.all().into_iter().filter(|slot| slot.uri != *uri).filter_map(|slot| slot.held());
        others.map(|held| held.bits.as_bytes().len()).sum()
    }
}
