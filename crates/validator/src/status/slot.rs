use super::list::{ListDefect, OpenedList, refresh_after, remaining};
use super::store::KeptList;
use crate::keys::Schedule;
use arc_swap::ArcSwapOption;
use bridge_jose::StatusList;
use bridge_jose::profile::NumericDate;
use bridge_types::{KeyId, StatusListUri};
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The place of one status list: the copy that is held, and when to renew it.
#[derive(Debug)]
pub(crate) struct ListSlot {
    pub(super) uri: StatusListUri,
    held: ArcSwapOption<HeldList>,
    progress: Mutex<Progress>,
    /// The issuer itself names the list among those that it has.
    announced: AtomicBool,
    /// When the issuer or a token last named the list, in seconds of the monotonic clock.
    named_at: AtomicU64,
}

/// A copy of a list, in use.
#[derive(Debug)]
pub(super) struct HeldList {
    pub(super) bits: StatusList,
    pub(super) kid: KeyId,
    pub(super) iat: NumericDate,
    pub(super) exp: NumericDate,
    pub(super) ttl: Duration,
    pub(super) fetched_at: Timestamp,
    /// When to ask again.
    pub(super) refresh_at: Duration,
    /// From when on it is not used any more, by the clock that nobody steps.
    dead_at: Duration,
    /// SHA-256 of the token.
    pub(super) digest: [u8; 32],
    pub(super) etag: Option<String>,
}

/// What happens to a list beside the requests.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) schedule: Schedule,
    /// The youngest list that was ever accepted: no older one will be.
    floor: Option<NumericDate>,
    /// Read from the store, and waiting for the keys to verify it with.
    pub(super) recalled: Option<KeptList>,
    /// From when to when the list was good that the store has.
    kept: Option<(NumericDate, NumericDate)>,
}

/// What a list says of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nothing was taken back.
    Valid,
    /// The token is not valid.
    Revoked,
    /// The list has no such index.
    Absent,
    /// There is no list that says anything now.
    Unknown,
}

/// What became of a list that came.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) list: Arc<HeldList>,
    /// The list before was signed with another key.
    pub(super) other_key: bool,
    /// The store should have this one.
    pub(super) to_keep: bool,
    /// The store has the same bits, or will have once this one is kept.
    pub(super) is_kept: bool,
}

/// Where a list came from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) digest: [u8; 32],
    pub(super) etag: Option<String>,
    /// It was read from the store, so it need not be kept again.
    pub(super) kept: bool,
}

impl ListSlot {
    pub(super) fn new(uri: StatusListUri) -> Self {
        let (announced, named_at) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { uri, held: ArcSwapOption::empty(), progress: Mutex::default(), announced, named_at }
    }

    /// What the list says of an index at this moment, by both clocks. Waits for nothing.
    pub(super) fn entry(&self, idx: u64, now: Timestamp, monotonic: Duration) -> Entry {
        let held = self.held.load();
        let Some(held) = held.as_ref().filter(|held| held.is_usable(now, monotonic)) else { return Entry::Unknown };
        match held.bits.is_set(idx) {
            Some(false) => Entry::Valid,
            Some(true) => Entry::Revoked,
            None => Entry::Absent,
        }
    }

    pub(super) fn held(&self) -> Option<Arc<HeldList>> {
        self.held.load_full()
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the list was named, and so may be referred to by tokens for a while.
    pub(super) fn name(&self, monotonic: Duration) {
        self.named_at.store(monotonic.as_secs(), Ordering::Relaxed);
    }

    pub(super) fn named_before(&self, monotonic: Duration) -> bool {
        self.named_at.load(Ordering::Relaxed) < monotonic.as_secs()
    }

    pub(super) fn set_announced(&self, announced: bool) {
        self.announced.store(announced, Ordering::Relaxed);
    }

    pub(super) fn is_announced(&self) -> bool {
        self.announced.load(Ordering::Relaxed)
    }

    /// Puts a list in use, unless it is older than one that was in use before. Of two of the same second, what either
    /// has set is set: a list that was made first must not take back what the other one said.
    pub(super) fn accept(
        &self,
        list: OpenedList,
        origin: Origin,
        now: Timestamp,
        monotonic: Duration,
    ) -> Result<Accepted, ListDefect> {
        let mut progress = self.progress();
        if let Some(floor) = progress.floor.filter(|floor| list.iat < *floor) {
            return Err(ListDefect::Rollback { expected: floor.as_second(), found: list.iat.as_second() });
        }
        let before = self.held();
        let own = list.bits;
        let bits = match &before {
            Some(before) if before.iat == list.iat => own.or(&before.bits),
            _ => own.clone(),
        };
        // How old a list from the store is nobody knows: it was kept when its bits were new. It is asked for at once.
        let refresh_at = if origin.kept { monotonic } else { monotonic + refresh_after(list.ttl, list.exp, now) };
        let list = Arc::new(HeldList {
            kid: list.kid,
            iat: list.iat,
            exp: list.exp,
            ttl: list.ttl,
            fetched_at: now,
            refresh_at,
            dead_at: monotonic + remaining(list.exp, now),
            digest: origin.digest,
            etag: origin.etag,
            bits,
        });
        progress.floor = Some(list.iat);
        let changed = before.as_ref().is_none_or(|before| before.bits != list.bits);
        let to_keep = !origin.kept && list.bits == own && (changed || progress.kept_is_getting_old(now));
        if to_keep || origin.kept {
            progress.kept = Some((list.iat, list.exp));
        } else if changed {
            progress.kept = None;
        }
        let is_kept = progress.kept.is_some();
        self.held.store(Some(Arc::clone(&list)));
        Ok(Accepted { other_key: before.is_some_and(|before| before.kid != list.kid), list, to_keep, is_kept })
    }

    /// The same list came again: it goes on to be used, and is asked for later.
    pub(super) fn renew(&self, now: Timestamp, monotonic: Duration) -> Result<(), ListDefect> {
        let held = self.held().ok_or(ListDefect::Unconditional)?;
        let (exp, second) = (held.exp.as_second(), now.as_second());
        if exp <= second {
            return Err(ListDefect::Expired { exp, now: second });
        }
        let renewed = HeldList {
            bits: held.bits.clone(),
            kid: held.kid.clone(),
            etag: held.etag.clone(),
            fetched_at: now,
            refresh_at: monotonic + refresh_after(held.ttl, held.exp, now),
            dead_at: monotonic + remaining(held.exp, now),
            ..*held
        };
        self.held.store(Some(Arc::new(renewed)));
        Ok(())
    }

    /// Puts the list out of use, because the key that signed it is not the issuer's any more.
    pub(super) fn discard(&self) {
        self.held.store(None);
    }
}

impl HeldList {
    pub(super) fn is_usable(&self, now: Timestamp, monotonic: Duration) -> bool {
        now.as_second() < self.exp.as_second() && monotonic < self.dead_at
    }
}

impl Progress {
    /// From the store: nothing older is accepted, and the list itself counts once its signature is verified.
    pub(super) fn recall(&mut self, list: KeptList) {
        self.floor = self.floor.max(Some(list.iat));
        self.recalled = Some(list);
    }

    /// The store does not have what it should.
    pub(super) fn kept_nothing(&mut self) {
        self.kept = None;
    }

    /// The store has the same bits already, but the list that it has will soon say nothing any more.
    fn kept_is_getting_old(&self, now: Timestamp) -> bool {
        self.kept.is_none_or(|(iat, exp)| 2 * now.as_second() > iat.as_second().saturating_add(exp.as_second()))
    }
}
