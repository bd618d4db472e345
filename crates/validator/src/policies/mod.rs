//! All policies together: which issuers are trusted at this moment, and what became of each file.

mod directory;
mod reload;
mod report;

pub use report::{LoadError, PolicyState, ReloadReport};

use crate::keys::KeySetup;
use crate::partner::TrustedPartner;
use crate::policy::PolicyError;
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
    setup: KeySetup,
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

    /// Starts whatever fetch of keys is due, of partners whose policy is in force, and returns at once. Call it about
    /// every second from a task of the API, inside a tokio runtime.
    ///
    /// Requests start overdue fetches by themselves too. This is what makes them rare: keys are renewed ahead of time.
    pub fn refresh_due_keys(&self) {
        let now = self.setup.clock.now();
        for partner in self.partners() {
            if partner.policy().in_force(now).is_ok() {
                partner.keys().refresh_if_due();
            }
        }
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
