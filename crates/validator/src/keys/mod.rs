//! The keys of ONE issuer, held in memory: requests read them without waiting, flights renew them behind their back.

mod fetcher;
mod flight;
mod held;
mod http_fetcher;
mod published;
mod refresh;
mod schedule;
mod state;
mod timing;

pub use fetcher::{Document, DocumentFetcher, DocumentKind, FetchError, Fetched, FetcherSource, Wanted};
pub use http_fetcher::HttpFetcher;
pub use published::{KeyMissing, PublishedKeys};
pub use state::{HeldKey, KeyState, LastAttempt};
pub use timing::{KeySetup, KeyTiming};

pub(crate) use refresh::{digest_of, excerpt};
pub(crate) use schedule::{Demand, Schedule};

use crate::denial::Refusal;
use crate::policy::{KeySource, TrustPolicy};
use crate::reason::Reason;
use crate::status::IssuerStatus;
use arc_swap::ArcSwapOption;
use bridge_jose::VerificationKey;
use bridge_types::{Clock, KeyId, PartnerIssuer};
use held::Held;
use refresh::Publisher;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often word from the issuer itself may cause a fetch.
const PAUSE_ON_WORD: Duration = Duration::from_secs(1);

/// The keys that one issuer publishes, as far as this process knows them.
///
/// A request whose key is held never waits, however old the keys are below the stale cap. A request whose key is not
/// held waits for at most one flight that all such requests share, and never for an issuer that failed last time.
pub struct IssuerKeys {
    issuer: PartnerIssuer,
    /// Where the keys are published; `None` for pinned ones.
    publisher: Option<Publisher>,
    /// Gets documents of this issuer; absent when its keys are pinned and no status list is accepted of it.
    fetcher: Option<Arc<dyn DocumentFetcher>>,
    held: ArcSwapOption<Held>,
    schedule: Mutex<Schedule>,
    /// What the issuer has taken back. Outlives these keys when a policy is edited.
    status: Arc<IssuerStatus>,
    /// How far the issuer's clock was ahead of ours, in milliseconds.
    skew_ms: Mutex<Option<i64>>,
    clock: Arc<dyn Clock>,
    timing: KeyTiming,
}

/// A key for verifying, and which set it came from.
#[derive(Debug)]
pub(crate) struct FoundKey {
    pub(crate) key: Arc<VerificationKey>,
    pub(crate) generation: u64,
    /// The set should have been renewed by now.
    overdue: bool,
}

impl IssuerKeys {
    /// The cache for the issuer of a policy. Pinned keys are there at once; nothing is fetched yet.
    pub(crate) fn new(policy: &TrustPolicy, status: Arc<IssuerStatus>, setup: &KeySetup) -> Result<Self, String> {
        let (fetcher, publisher, held) = match &policy.keys {
            KeySource::Discover => {
                let fetcher = setup.fetchers.fetcher(policy)?;
                (Some(Arc::clone(&fetcher)), Some(Publisher::new(&policy.issuer, fetcher)), None)
            }
            KeySource::Pinned(keys) => {
                let lists = !policy.status_list_hosts.is_empty();
                let fetcher = lists.then(|| setup.fetchers.fetcher(policy)).transpose()?;
                (fetcher, None, Some(Arc::new(Held::pinned(keys.set.clone(), setup.clock.now()))))
            }
        };
        Ok(Self {
            issuer: policy.issuer.clone(),
            publisher,
            fetcher,
            held: held.into(),
            schedule: Mutex::default(),
            status,
            skew_ms: Mutex::default(),
            clock: Arc::clone(&setup.clock),
            timing: setup.timing,
        })
    }

    /// What the issuer has taken back: tokens, clients, keys.
    pub fn status(&self) -> &Arc<IssuerStatus> {
        &self.status
    }

    /// The partner, as its policy is called now: renaming the file changes no keys.
    fn partner(&self) -> Arc<str> {
        self.status.partner()
    }

    /// The issuer's key of this id. Waits only when the key is not held and somebody may go and look for it.
    pub(crate) async fn find(self: &Arc<Self>, kid: &KeyId) -> Result<FoundKey, Refusal> {
        if let Some(found) = self.look_up(kid) {
            if found.overdue {
                self.refresh_if_due();
            }
            return Ok(found);
        }
        let answered = match self.demand_flight() {
            Some(mut flight) => tokio::time::timeout(self.timing.request_wait, flight.changed()).await.is_ok(),
            None => true,
        };
        self.look_up(kid).ok_or_else(|| self.missing(kid, answered))
    }

    /// Whether a key is held that the issuer itself says it has, such as through the partner mirror.
    ///
    /// When it is not, the key set is fetched first, at most once a second, and this waits for it as long as a request
    /// would. A flight that left before the key was published brings nothing: ask again.
    ///
    /// Call it for an authenticated caller of this very issuer alone: it does not heed the cooldown of unknown key ids.
    pub async fn expect(self: &Arc<Self>, kid: &KeyId) -> bool {
        if self.look_up(kid).is_some() {
            return true;
        }
        let demand = match &self.publisher {
            Some(_) => self.schedule().on_word(self.clock.monotonic(), PAUSE_ON_WORD),
            None => Demand::Refused,
        };
        if let Some(mut flight) = self.board(demand) {
            // A flight that takes too long, or was lost, brought nothing.
            let _ = tokio::time::timeout(self.timing.request_wait, flight.changed()).await;
        }
        self.look_up(kid).is_some()
    }

    /// The generation of the keys in use; `None` when none can be used. A verified token may be remembered as long as
    /// this does not change.
    pub(crate) fn generation(&self, monotonic: Duration) -> Option<u64> {
        self.held.load().as_ref().filter(|held| monotonic < held.dead_at).map(|held| held.generation)
    }

    /// The key of this id, provided that it is held, may be used, and was not revoked. Fetches nothing.
    pub(crate) fn key(&self, kid: &KeyId) -> Option<Arc<VerificationKey>> {
        self.look_up(kid).map(|found| found.key)
    }

    /// True when the set that is held has a key of this id, revoked or not, and when no set is held.
    pub(crate) fn publishes(&self, kid: &KeyId) -> bool {
        self.held.load().as_ref().is_none_or(|held| held.set.find(kid).is_some())
    }

    /// True once there has been a key set. Then there is one for ever, be it outdated.
    pub(crate) fn are_held(&self) -> bool {
        self.held.load().is_some()
    }

    /// Gets documents of this issuer.
    pub(crate) fn fetcher(&self) -> Option<&Arc<dyn DocumentFetcher>> {
        self.fetcher.as_ref()
    }

    /// How long things take, and how often they are tried.
    pub(crate) fn timing(&self) -> &KeyTiming {
        &self.timing
    }

    /// Starts a fetch because the issuer itself gave a sign that its keys have changed; at most one a second. Returns at
    /// once.
    pub(crate) fn refresh_on_word(self: &Arc<Self>) {
        if self.publisher.is_some() {
            let demand = self.schedule().on_word(self.clock.monotonic(), PAUSE_ON_WORD);
            self.board(demand);
        }
    }

    /// Lets what depends on the keys know which ones are held.
    pub(crate) fn tell_status(self: &Arc<Self>) {
        if let Some(held) = self.held.load_full() {
            self.status.keys_are(self, &held.set);
        }
    }

    /// Starts a fetch when one is due and none is on its way. Returns at once.
    pub(crate) fn refresh_if_due(self: &Arc<Self>) {
        let now = self.clock.monotonic();
        let fresh = self.held.load().as_ref().is_some_and(|held| now < held.refresh_at);
        let ticket = self.publisher.as_ref().and_then(|_| self.schedule().take_if_due(now, fresh));
        if let Some(ticket) = ticket {
            self.launch(ticket);
        }
    }

    fn look_up(&self, kid: &KeyId) -> Option<FoundKey> {
        if self.status.is_key_revoked(kid) {
            return None;
        }
        let held = self.held.load();
        let held = self.usable(held.as_ref())?;
        let overdue = self.clock.monotonic() >= held.refresh_at;
        held.set.find(kid).map(|key| FoundKey { key: Arc::clone(key), generation: held.generation, overdue })
    }

    fn usable<'h>(&self, held: Option<&'h Arc<Held>>) -> Option<&'h Arc<Held>> {
        held.filter(|held| self.clock.monotonic() < held.dead_at)
    }

    /// A flight to wait for: one that this call started, or one that is already on its way.
    fn demand_flight(self: &Arc<Self>) -> Option<watch::Receiver<()>> {
        self.publisher.as_ref()?;
        let have_keys = self.usable(self.held.load().as_ref()).is_some();
        let demand = self.schedule().demand(self.clock.monotonic(), have_keys, &self.timing);
        self.board(demand)
    }

    fn board(self: &Arc<Self>, demand: Demand) -> Option<watch::Receiver<()>> {
        match demand {
            Demand::Join(flight) => Some(flight),
            Demand::Start { ticket, wait } => {
                let flight = ticket.subscribe();
                self.launch(ticket);
                wait.then_some(flight)
            }
            Demand::Refused => None,
        }
    }

    /// A key that is not in a set which could be read does not exist. One in a set that could not be read may.
    fn missing(&self, kid: &KeyId, answered: bool) -> Refusal {
        let have_keys = self.usable(self.held.load().as_ref()).is_some();
        let schedule = self.schedule();
        if answered && have_keys && !schedule.is_failing() {
            return Refusal::new(
                Reason::KeyUnknown,
                format!("expected a key of {}, found kid {kid}", self.issuer.url()),
            );
        }
        let wait = schedule.retry_after(self.clock.monotonic());
        // Whole seconds, rounded up: who comes back a moment too early is refused again.
        let seconds = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
        let detail = format!("the keys of {} could not be fetched", self.issuer.url());
        Refusal::new(Reason::KeysUnavailable, detail).retry_after(Duration::from_secs(seconds))
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKeys").field("issuer", &self.issuer).field("held", &self.held).finish_non_exhaustive()
    }
}
