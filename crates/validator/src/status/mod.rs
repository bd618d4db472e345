//! What ONE issuer has taken back: tokens, clients, keys, or everything up to a moment.
//!
//! Two sources say so. *Notices* are pushed by the issuer (security events, RFC 8417) and count at once. *Status lists*
//! are fetched in the background (draft-ietf-oauth-status-list) and are the durable truth: what is set in one is refused,
//! and past the `exp` of a list nothing that refers to it is accepted. No request ever waits for either, with one
//! exception: one that waits for the first keys of an issuer gets the lists with them.

mod check;
mod event;
mod flight;
mod list;
mod lists;
mod notice;
mod notices;
mod recall;
mod receive;
mod refusals;
mod slot;
mod state;
mod store;

pub(crate) use check::StatusCheck;
pub use event::{EventRefusal, SecurityEventReceipt};
pub use notice::{Notice, NoticeSubject};
pub use receive::ReceiveError;
pub use refusals::RefusalCount;
pub use state::{HeldStatusList, NoticeCounts, StatusState};
pub use store::{KeptList, KeptStatus, StatusStore, StatusStoreFailure};

use crate::keys::Schedule;
use crate::policy::TrustPolicy;
use crate::reason::Reason;
use arc_swap::ArcSwap;
use bridge_jose::Algorithm;
use bridge_types::{Clock, IssuerUrl, KeyId, StatusListUri};
use lists::Lists;
use notices::Notices;
use refusals::Refusals;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// How many notices of one issuer are written at the same time. More are answered with "later": one partner must not
/// take the database for itself.
const WRITES_AT_ONCE: usize = 8;

/// What one issuer has taken back, as far as this process knows. It belongs to the issuer, not to a version of the
/// policy: an edit loses nothing of it.
pub struct IssuerStatus {
    issuer: IssuerUrl,
    terms: ArcSwap<Terms>,
    notices: Notices,
    lists: Lists,
    /// Where the issuer says which lists it has, and when it was asked.
    aggregation: Mutex<Aggregation>,
    /// False until what was kept has been read: before that nothing can be said about any token.
    recalled: AtomicBool,
    store: Option<Arc<dyn StatusStore>>,
    writes: Semaphore,
    refusals: Refusals,
    clock: Arc<dyn Clock>,
}

/// What the policy in force says about lists.
#[derive(Debug, Default)]
struct Terms {
    partner: Arc<str>,
    hosts: Vec<String>,
    algorithms: Vec<Algorithm>,
}

#[derive(Debug, Default)]
struct Aggregation {
    url: Option<StatusListUri>,
    schedule: Schedule,
    refresh_at: std::time::Duration,
}

impl IssuerStatus {
    /// Nothing is known yet.
    pub(crate) fn new(issuer: IssuerUrl, store: Option<Arc<dyn StatusStore>>, clock: Arc<dyn Clock>) -> Self {
        Self {
            issuer,
            terms: ArcSwap::default(),
            notices: Notices::default(),
            lists: Lists::default(),
            aggregation: Mutex::default(),
            recalled: AtomicBool::new(store.is_none()),
            store,
            writes: Semaphore::new(WRITES_AT_ONCE),
            refusals: Refusals::default(),
            clock,
        }
    }

    /// Stands in logs and metrics under this name, for an issuer that no policy names.
    pub(crate) fn be_called(&self, name: &str) {
        self.terms.store(Arc::new(Terms { partner: name.into(), ..Terms::default() }));
    }

    /// Goes by this policy from now on.
    pub(crate) fn adopt(&self, policy: &TrustPolicy) {
        self.terms.store(Arc::new(Terms {
            partner: Arc::clone(&policy.partner),
            hosts: policy.status_list_hosts.clone(),
            algorithms: policy.algorithms.clone(),
        }));
    }

    /// The issuer.
    pub fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// True when the issuer has said that this key of its own is not to be trusted any more.
    pub(crate) fn is_key_revoked(&self, kid: &KeyId) -> bool {
        self.notices.revokes_key(kid)
    }

    /// Where the issuer says which lists it has, as its metadata have it. An address that the policy does not allow is
    /// as good as none: then lists are learnt from the tokens that name them.
    pub(crate) fn announce_at(&self, endpoint: Option<&str>) {
        let terms = self.terms.load();
        let url = endpoint.and_then(|text| text.parse::<StatusListUri>().ok()).filter(|url| terms.allow(url));
        let mut aggregation = self.aggregation();
        if aggregation.url != url {
            *aggregation = Aggregation { url, ..Aggregation::default() };
        }
    }

    /// Counts a request that was refused and named this issuer.
    pub(crate) fn note_refusal(&self, reason: Reason) {
        self.refusals.note(reason, self.clock.now());
    }

    /// How often requests that named this issuer were refused in the last hour, for the partner mirror. Also those whose
    /// signature nobody verified: anybody can make them, and what the partner learns is that somebody does.
    pub fn refusals(&self) -> Vec<RefusalCount> {
        self.refusals.counts(self.clock.now())
    }

    fn is_recalled(&self) -> bool {
        self.recalled.load(Ordering::Acquire)
    }

    fn aggregation(&self) -> MutexGuard<'_, Aggregation> {
        self.aggregation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn partner(&self) -> Arc<str> {
        Arc::clone(&self.terms.load().partner)
    }
}

impl Terms {
    /// Whether documents may be fetched from this address: over TLS (or on this machine), from a host of the policy.
    fn allow(&self, address: &StatusListUri) -> bool {
        address.is_secure() && self.hosts.contains(&address.host())
    }
}

impl fmt::Debug for IssuerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerStatus").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
