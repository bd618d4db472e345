use super::state::HeldKey;
use super::timing::KeyTiming;
use bridge_jose::KeySet;
use bridge_types::KeyId;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

/// A key set as it was fetched, and until when it may be used.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) set: KeySet,
    /// Differs between any two sets of this process that are not the same document.
    pub(super) generation: u64,
    /// Since when each key is held.
    pub(super) since: BTreeMap<KeyId, Timestamp>,
    pub(super) fetched_at: Timestamp,
    /// Until when the issuer calls the set fresh; never for pinned keys.
    pub(super) fresh_until: Option<Timestamp>,
    /// When to ask again, before the keys stop being fresh.
    pub(super) refresh_at: Duration,
    /// From when on the keys are not used any more.
    pub(super) dead_at: Duration,
    /// The `ETag` and the address whose document it names: an `ETag` means nothing at another address (RFC 9110 §8.8.3).
    pub(super) etag: Option<Box<(Url, String)>>,
    /// Tells whether a document is the one we have.
    pub(super) digest: [u8; 32],
}

static GENERATION: AtomicU64 = AtomicU64::new(1);

impl Held {
    /// Keys from a file: they never age.
    pub(super) fn pinned(set: KeySet, now: Timestamp) -> Self {
        Self {
            since: set.kids().map(|kid| (kid.clone(), now)).collect(),
            set,
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
            fetched_at: now,
            fresh_until: None,
            refresh_at: Duration::MAX,
            dead_at: Duration::MAX,
            etag: None,
            digest: [0; 32],
        }
    }

    /// Keys that were just fetched.
    pub(super) fn fetched(
        set: KeySet,
        digest: [u8; 32],
        etag: Option<Box<(Url, String)>>,
        before: Option<&Self>,
        now: Timestamp,
    ) -> Self {
        let since = |kid: &KeyId| before.and_then(|before| before.since.get(kid)).copied().unwrap_or(now);
        let since = set.kids().map(|kid| (kid.clone(), since(kid))).collect();
        Self { since, etag, digest, ..Self::pinned(set, now) }
    }

    /// The same keys, known to be good again.
    pub(super) fn renewed(
        &self,
        max_age: Option<Duration>,
        now: Timestamp,
        monotonic: Duration,
        timing: &KeyTiming,
    ) -> Self {
        let fresh = timing.fresh_for(max_age);
        Self {
            fetched_at: now,
            fresh_until: now.checked_add(fresh).ok(),
            // Three quarters leave time for a slow issuer, and for a few that fail.
            refresh_at: monotonic + fresh * 3 / 4,
            dead_at: monotonic + timing.stale_cap.max(fresh),
            ..self.clone()
        }
    }

    /// The keys, in no particular order.
    pub(super) fn describe(&self) -> impl Iterator<Item = HeldKey> {
        self.set.keys().map(|key| HeldKey {
            kid: key.kid().clone(),
            algorithm: key.algorithm(),
            since: self.since.get(key.kid()).copied().unwrap_or(self.fetched_at),
        })
    }
}
