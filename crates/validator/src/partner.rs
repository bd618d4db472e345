use crate::keys::IssuerKeys;
use crate::policy::TrustPolicy;
use bridge_types::Fingerprint;
use metrics::Counter;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// One partner as it is trusted now: its policy and its keys. An edit of the policy makes a new one.
#[derive(Debug)]
pub struct TrustedPartner {
    policy: TrustPolicy,
    version: PolicyVersion,
    keys: Arc<IssuerKeys>,
    allowed: OnceLock<Counter>,
}

impl TrustedPartner {
    pub(crate) fn new(policy: TrustPolicy, sequence: u64, keys: Arc<IssuerKeys>) -> Self {
        let version = PolicyVersion { sequence, content: Fingerprint::from_digest(&policy.content).to_string() };
        Self { policy, version, keys, allowed: OnceLock::new() }
    }

    /// The policy.
    pub fn policy(&self) -> &TrustPolicy {
        &self.policy
    }

    /// Which version of the policy this is.
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// The keys that are held for the issuer, and how they were come by.
    pub fn keys(&self) -> &Arc<IssuerKeys> {
        &self.keys
    }

    /// What counts its allowed requests: looked up once, because every one of them needs it.
    pub(crate) fn allowed(&self, look_up: impl FnOnce(&str) -> Counter) -> &Counter {
        self.allowed.get_or_init(|| look_up(&self.policy.partner))
    }
}

/// The version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Counts the accepted versions of the file since the start, from 1.
    pub sequence: u64,
    /// The start of the SHA-256 of what the policy was made of: the same at every process that read the same files.
    pub content: String,
}
