use crate::config::{
    ClientFiles, ConfigError, Place, Watch, clients_directory, complaint, outbound_complaint, partners_directory,
    unknown_client,
};
use crate::credentials::ManagedCredentials;
use crate::egress::Egress;
use crate::health::Health;
use crate::partners::Partners;
use crate::workloads::Workloads;
use bridge_client::PartnerApi;
use bridge_issuer::Issuer;
use bridge_validator::{Outbound, TrustPolicies, TrustPolicy};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The part of a company that an edit of `clients/` or `partners/` changes while it runs.
pub(crate) struct Live {
    pub(crate) directory: PathBuf,
    pub(crate) clients: ClientFiles,
    pub(crate) credentials: Arc<ManagedCredentials>,
    pub(crate) workloads: Workloads,
    pub(crate) egress: Egress,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) policies: Arc<TrustPolicies>,
    /// The APIs of partners as the business calls them.
    pub(crate) partners: Partners,
    /// The same APIs as the company itself calls them, with the client that `[outbound] agent` names.
    pub(crate) agents: Partners,
    pub(crate) health: Arc<Health>,
    pub(crate) outbound_errors: Vec<ConfigError>,
    /// Why what is registered at the issuer is not what stands in `clients/`. While this is not empty it is tried again.
    pub(crate) registration_errors: Vec<ConfigError>,
}

/// How often something is tried again that failed and that no edit of a file will mend.
const RETRY: Duration = Duration::from_secs(5);

impl Live {
    /// Follows the files until the company stops.
    pub(crate) async fn follow(mut self, shutdown: CancellationToken) {
        let mut watch = Watch::start(&self.directory);
        while shutdown.run_until_cancelled(self.due(&mut watch)).await.is_some() {
            self.reload().await;
        }
    }

    /// Resolves when the files are to be read again.
    async fn due(&self, watch: &mut Watch) {
        if self.registration_errors.is_empty() {
            watch.changed().await;
        } else {
            // Running out of time says nothing about the files; reading them again does no harm.
            drop(timeout(RETRY, watch.changed()).await);
        }
    }

    /// Reads everything again. What broke keeps its last good state and is reported.
    async fn reload(&mut self) {
        let changes = self.clients.refresh(&clients_directory(&self.directory));
        for error in &changes.rejected {
            tracing::error!(target: "bridge", event = "clients_rejected", outcome = "error", detail = %error,
                "client not accepted: the last good one, if any, stays in use");
        }
        let policies = self.policies.reload(&partners_directory(&self.directory));
        self.policies.recall_status().await;
        let registered = if changes.clients || !self.registration_errors.is_empty() {
            self.register_clients().await;
            true
        } else {
            false
        };
        if registered || !policies.loaded.is_empty() || !policies.removed.is_empty() {
            self.connect_partners().await;
        }
        let policy_errors = policies.rejected.iter().map(complaint);
        let kept = self.clients.errors().iter().chain(&self.registration_errors).chain(&self.outbound_errors);
        self.health.report_configuration(kept.cloned().chain(policy_errors).collect());
    }

    /// Puts the clients as they stand in the files in use at the issuer, at once, and then makes the key pairs that they
    /// lack. What fails is remembered, told in `/readyz`, and logged when it is new.
    async fn register_clients(&mut self) {
        let mut errors = Vec::new();
        match ManagedCredentials::table(&self.clients, &self.workloads) {
            Ok(clients) => {
                let count = clients.len();
                self.issuer.replace_clients(clients);
                tracing::info!(target: "bridge", event = "clients_loaded", outcome = "ok", clients = count, "clients in use");
            }
            Err(invalid) => {
                let place = Place::file(&clients_directory(&self.directory));
                errors.push(unregistered(place, "the clients are not registered: those of before stay", &invalid));
            }
        }
        for (client, error) in self.credentials.make_missing(&self.clients).await {
            let place = Place::file(&clients_directory(&self.directory).join(format!("{}.toml", client.name)));
            errors.push(unregistered(place, "this client has no key pair and cannot get tokens", &error));
        }
        for error in errors.iter().filter(|error| !self.registration_errors.contains(error)) {
            tracing::error!(target: "bridge", event = "clients_rejected", outcome = "error", detail = %error,
                "not all clients could be registered; it is tried again");
        }
        self.registration_errors = errors;
    }

    /// Puts the APIs of partners as they are now in use.
    pub(crate) async fn connect_partners(&mut self) {
        let (mut apis, mut agents, mut errors) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for partner in self.policies.partners() {
            let policy = partner.policy();
            let Some(target) = &policy.outbound else { continue };
            match self.connect(policy, target).await {
                Ok((api, agent)) => {
                    apis.insert(policy.issuer.url().clone(), Arc::new(api));
                    agents.extend(agent.map(|agent| (policy.issuer.url().clone(), Arc::new(agent))));
                }
                Err(error) => {
                    tracing::error!(target: "bridge", event = "outbound_rejected", outcome = "error",
                        partner = %policy.partner, detail = %error, "this partner cannot be called");
                    errors.push(error);
                }
            }
        }
        self.partners.replace(apis);
        self.agents.replace(agents);
        self.outbound_errors = errors;
    }

    async fn connect(
        &mut self,
        policy: &TrustPolicy,
        target: &Outbound,
    ) -> Result<(PartnerApi, Option<PartnerApi>), ConfigError> {
        if let Some(error) = unknown_client(&self.directory, policy, &self.clients) {
            return Err(error);
        }
        let api = self.connect_as(&target.client, policy, target).await?;
        let agent = match &target.agent {
            Some(agent) => Some(self.connect_as(agent, policy, target).await?),
            None => None,
        };
        Ok((api, agent))
    }

    async fn connect_as(
        &mut self,
        name: &str,
        policy: &TrustPolicy,
        target: &Outbound,
    ) -> Result<PartnerApi, ConfigError> {
        let refused = |reason: String| outbound_complaint(&self.directory, policy, reason);
        let client = self.clients.find(name).ok_or_else(|| refused(format!("no client {name}")))?;
        let credential = self.credentials.of_client(client).await.map_err(|error| refused(error.to_string()))?;
        self.egress.api(policy, target, credential).map_err(refused)
    }
}

fn unregistered(place: Place, what: &str, error: &dyn std::error::Error) -> ConfigError {
    ConfigError::new(place, what)
        .expected("clients as they stand in the files")
        .found(error.to_string())
        .remedy("mend that; it is tried again every few seconds")
}
