//! All policies together: which issuers are trusted at this moment, and what became of each file.

mod directory;
mod reload;
mod report;

pub use report::{LoadError, PolicyState, ReloadReport};

use crate::keys::KeySetup;
use crate::partner::TrustedPartner;
use crate::policy::{PolicyError, PolicyProblem, TrustPolicy};
use crate::status::IssuerStatus;
use arc_swap::ArcSwap;
use bridge_types::IssuerUrl;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The trust policies of one API, as a snapshot that requests read without waiting.
///
/// [`TrustPolicies::load`] reads a directory and accepts no defect; [`TrustPolicies::reload`] reads it again and keeps
/// the last good policy of a file that broke. Two policies never name the same issuer.
pub struct TrustPolicies {
    by_issuer: ArcSwap<HashMap<IssuerUrl, Arc<TrustedPartner>>>,
    files: Mutex<Files>,
    /// What each issuer has taken back, also of issuers whose policy is gone: it may come again.
    statuses: Mutex<HashMap<IssuerUrl, Arc<IssuerStatus>>>,
    own: Option<OwnPolicy>,
    setup: KeySetup,
}

/// What a company is called and which issuer is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPolicy {
    /// The name of the company: the file of this name is the policy for itself.
    pub name: String,
    /// Its own issuer.
    pub issuer: IssuerUrl,
}

impl OwnPolicy {
    /// Refuses a policy that bears the name of the company and names somebody else's issuer.
    fn check(&self, policy: &TrustPolicy) -> Result<(), PolicyProblem> {
        let (expected, found) = (&self.issuer, policy.issuer.url());
        if *policy.partner != *self.name || expected == found {
            return Ok(());
        }
        Err(PolicyProblem::NotOwn { expected: expected.clone(), found: found.clone() })
    }
}

type Files = BTreeMap<String, FileState>;

/// What became of one policy file.
#[derive(Debug, Clone)]
struct FileState {
    file: PathBuf,
    /// The policy in use: that of the file as it is, or the last good one.
    partner: Option<Arc<TrustedPartner>>,
    /// Why the file as it is now is not in use.
    error: Option<PolicyError>,
}

impl TrustPolicies {
    /// The partner whose policy names exactly this issuer.
    pub fn of(&self, issuer: &str) -> Option<Arc<TrustedPartner>> {
        self.by_issuer.load().get(issuer).cloned()
    }

    /// Every partner that is trusted now, by name. Disabled and expired ones are among them.
    pub fn partners(&self) -> Vec<Arc<TrustedPartner>> {
        self.files().values().filter_map(|file| file.partner.clone()).collect()
    }

    /// What became of each file, by name: for `/readyz` and the operations pages.
    pub fn state(&self) -> Vec<PolicyState> {
        self.files().iter().map(|(name, file)| PolicyState::of(name, file)).collect()
    }

    /// Starts whatever fetch of keys or status lists is due, of partners whose policy is in force, and returns at once.
    /// Call it about every second from a task of the API, inside a tokio runtime.
    ///
    /// Requests start overdue fetches of keys by themselves too. This is what makes them rare: keys and lists are renewed
    /// ahead of time.
    pub fn refresh_due(&self) {
        let now = self.setup.clock.now();
        for partner in self.partners() {
            let status = partner.keys().status();
            status.measure();
            if partner.policy().in_force(now).is_ok() {
                partner.keys().refresh_if_due();
                status.refresh_if_due(partner.keys());
            }
        }
    }

    /// Reads what was kept of every issuer. Call it before the first request, after each [`TrustPolicies::reload`], and
    /// when another process has received a revocation. Until it has succeeded for an issuer, its tokens are answered with
    /// [`Reason::StatusUnavailable`](crate::Reason::StatusUnavailable).
    pub async fn recall_status(&self) {
        for partner in self.partners() {
            if let Err(error) = partner.keys().status().recall(partner.keys()).await {
                partner.keys().status().log_not_kept(&error);
            }
        }
    }

    /// Reads what could not be read before, and forgets what no live token can be about any more. Call it about every
    /// minute.
    pub async fn tidy_status(&self) {
        for partner in self.partners() {
            let (keys, status) = (partner.keys(), partner.keys().status());
            if status.wants_recall()
                && let Err(error) = status.recall(keys).await
            {
                status.log_not_kept(&error);
            }
            status.forget_outlived(keys).await;
        }
    }

    /// What the issuer has taken back: one value for each issuer, for the life of this process.
    fn status_of(&self, issuer: &IssuerUrl) -> Arc<IssuerStatus> {
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        let new =
            || Arc::new(IssuerStatus::new(issuer.clone(), self.setup.status.clone(), Arc::clone(&self.setup.clock)));
        Arc::clone(statuses.entry(issuer.clone()).or_insert_with(new))
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TrustPolicies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustPolicies").field("state", &self.state()).finish_non_exhaustive()
    }
}
