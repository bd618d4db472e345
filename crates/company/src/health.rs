use crate::config::ConfigError;
use arc_swap::ArcSwap;
use bridge_issuer::{KeyRecord, KeyRing, KeyTimes, Rotation, RotationRequest, WaitingKey};
use bridge_jose::Algorithm;
use bridge_store::{Backlog, Database};
use bridge_types::KeyId;
use bridge_validator::keys::KeyState;
use bridge_validator::status::StatusState;
use bridge_validator::{PolicyState, TrustPolicies};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What `/readyz` reports: whether requests can be served, and everything an operator should look at.
///
/// A broken edit or a partner that is away does not make a company unready: it serves with what it has, and says so.
#[derive(Debug)]
pub(crate) struct Health {
    company: Arc<str>,
    database: Database,
    policies: Arc<TrustPolicies>,
    own: Own,
    stopping: AtomicBool,
    configuration: ArcSwap<Vec<ConfigError>>,
}

/// The own keys and what moves them.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) rotation: Arc<Rotation>,
}

/// A key of the own issuer or of a managed client, without history.
#[derive(Debug, Serialize)]
struct OwnKey {
    purpose: String,
    kid: KeyId,
    algorithm: Algorithm,
    state: bridge_issuer::KeyState,
    #[serde(flatten)]
    times: KeyTimes,
    rotation_requested: Option<RotationRequest>,
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    status: Status,
    company: Arc<str>,
    version: &'static str,
    database: Status,
    /// What waits for each partner. `blocked` messages are not even tried: each waits behind a dead letter about the same
    /// thing, until somebody retries or drops that (`outbox list`).
    outbox: Vec<Backlog>,
    /// Why the files of `clients/`, or `[outbound]` sections, are not in use as they are now.
    configuration_errors: Arc<Vec<ConfigError>>,
    policies: Vec<PolicyState>,
    keys: Vec<KeyState>,
    /// What each partner's issuer has revoked, and whether its status lists are up to date.
    revocations: Vec<StatusState>,
    /// The own keys that are not destroyed or revoked.
    own_keys: Vec<OwnKey>,
    /// Prepared keys, and the partners that they wait for.
    rotations_waiting: Vec<WaitingKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Ready,
    Failing,
    Stopping,
}

impl Health {
    pub(crate) fn new(company: Arc<str>, database: Database, policies: Arc<TrustPolicies>, own: Own) -> Self {
        let (stopping, configuration) = (AtomicBool::new(false), ArcSwap::default());
        Self { company, database, policies, own, stopping, configuration }
    }

    /// From now on the company is not ready: whoever sends requests here should stop.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Replaces what is known to be wrong with the configuration.
    pub(crate) fn report_configuration(&self, errors: Vec<ConfigError>) {
        self.configuration.store(Arc::new(errors));
    }

    /// Looks at everything now.
    pub(crate) async fn readiness(&self) -> Readiness {
        let (database, outbox) = match self.database.backlog().await {
            Ok(outbox) => (Status::Ready, outbox),
            Err(_) => (Status::Failing, Vec::new()),
        };
        let status = if self.stopping.load(Ordering::Acquire) { Status::Stopping } else { database };
        Readiness {
            status,
            company: Arc::clone(&self.company),
            version: env!("CARGO_PKG_VERSION"),
            database,
            outbox,
            configuration_errors: self.configuration.load_full(),
            policies: self.policies.state(),
            keys: self.policies.partners().iter().map(|partner| partner.keys().state()).collect(),
            revocations: self.policies.partners().iter().map(|partner| partner.keys().status().state()).collect(),
            own_keys: self.own.ring.snapshot().iter().map(OwnKey::of).collect(),
            rotations_waiting: self.own.rotation.waiting(),
        }
    }
}

impl OwnKey {
    fn of(key: &KeyRecord) -> Self {
        Self {
            purpose: key.purpose.to_string(),
            kid: key.kid().clone(),
            algorithm: key.algorithm(),
            state: key.state,
            times: key.times,
            rotation_requested: key.request,
        }
    }
}

impl Readiness {
    pub(crate) fn is_ready(&self) -> bool {
        self.status == Status::Ready
    }
}
