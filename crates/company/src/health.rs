use crate::config::ConfigError;
use arc_swap::ArcSwap;
use bridge_store::{Backlog, Database};
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
    stopping: AtomicBool,
    configuration: ArcSwap<Vec<ConfigError>>,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Ready,
    Failing,
    Stopping,
}

impl Health {
    pub(crate) fn new(company: Arc<str>, database: Database, policies: Arc<TrustPolicies>) -> Self {
        let (stopping, configuration) = (AtomicBool::new(false), ArcSwap::default());
        Self { company, database, policies, stopping, configuration }
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
        }
    }
}

impl Readiness {
    pub(crate) fn is_ready(&self) -> bool {
        self.status == Status::Ready
    }
}
