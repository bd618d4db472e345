use crate::api::{Api, Bridge};
use crate::application::{Application, Context};
use crate::config::{Configuration, complaint, partners_directory};
use crate::egress::Egress;
use crate::error::StartError;
use crate::events::{Outgoing, SecurityEvents, stay_ready};
use crate::evidence::Verifiers;
use crate::fetchers::PartnerFetchers;
use crate::health::{Health, Own};
use crate::identity::{Addresses, Identity};
use crate::keys::OwnKeys;
use crate::listeners::Listeners;
use crate::live::Live;
use crate::partner_status;
use crate::partners::Partners;
use crate::revocations::Revocations;
use crate::servers::{Served, Servers, Settings};
use crate::suppressed;
use crate::tls;
use bridge_issuer::Issuer;
use bridge_process::Outbound;
use bridge_store::{Database, Dispatcher, Pace};
use bridge_types::Clock;
use bridge_validator::{Gate, KeySetup, KeyTiming, OwnPolicy, ResourceMetadata, TrustPolicies, Validator};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long background work may take to end after the listeners have.
const BACKGROUND_END: Duration = Duration::from_secs(5);

/// A company that serves.
///
/// It starts without anybody's help: no partner and no name server is asked before it serves. Dropping it does not stop
/// it in good order; [`Company::stop`] does.
#[derive(Debug)]
pub struct Company {
    addresses: Addresses,
    servers: Servers,
    issuer: Arc<Issuer>,
    database: Database,
    health: Arc<Health>,
    shutdown: CancellationToken,
    background: JoinSet<()>,
}

impl Company {
    /// Starts a company with its business. When this returns `Ok`, all three listeners serve.
    ///
    /// # Errors
    /// [`StartError`]; nothing serves then.
    #[expect(clippy::too_many_lines, reason = "what is put together, in the order in which it depends on each other")]
    pub async fn start<A: Application>(
        configuration: Configuration,
        clock: Arc<dyn Clock>,
        metrics: PrometheusHandle,
    ) -> Result<Self, StartError> {
        let Configuration { directory, company, clients, .. } = configuration;
        let tls = company.tls.as_ref().map(tls::server_config).transpose()?;
        let listeners = Listeners::bind(&company)?;
        let identity = Identity::of(&company, listeners.issuer.address, listeners.api.address)?;
        let addresses = identity.addresses(&company.name, &listeners);
        let database = Database::open(&company.database.value, &A::migrations(), Arc::clone(&clock)).await?;

        let outbound = Outbound::new(company.hosts.clone());
        let own = OwnPolicy { name: company.name.to_string(), issuer: identity.issuer.url().clone() };
        let policies = policies(own, &directory, &outbound, &database)?;
        policies.recall_status().await;
        let name: Arc<str> = company.name.as_str().into();
        let own_keys = OwnKeys::open(&database, company.issuer.algorithm).await?;
        let credentials = Arc::clone(&own_keys.credentials);
        let revocations = Revocations::new(database.clone(), SecurityEvents::live(Arc::clone(&policies)));
        let registered = credentials.register(&clients).await?;
        let issuer = own_keys.issuer(&company, &identity, registered, revocations).await?;
        let agents = Partners::default();
        let (own, policies_seen) = (identity.issuer.clone(), Arc::clone(&policies));
        let verifiers = Verifiers { own, issuer: Arc::clone(&issuer), policies: policies_seen, agents: agents.clone() };
        let own = own_keys.moved_by(verifiers, company.issuer.key_rotation);
        let health = Arc::new(Health::new(Arc::clone(&name), database.clone(), Arc::clone(&policies), own.clone()));
        let egress = Egress::to_own_issuer(outbound, &company, identity.issuer.clone(), Arc::clone(&clock))?;
        let partners = Partners::default();
        let mut live = Live {
            directory,
            clients,
            credentials,
            egress,
            issuer: Arc::clone(&issuer),
            policies: Arc::clone(&policies),
            partners: partners.clone(),
            agents,
            health: Arc::clone(&health),
            outbound_errors: Vec::new(),
            registration_errors: Vec::new(),
        };
        live.connect_partners().await;

        let shutdown = CancellationToken::new();
        let context = Context {
            company: name,
            issuer: identity.issuer.clone(),
            api: identity.api.clone(),
            database: database.clone(),
            partners,
            clock: Arc::clone(&clock),
            shutdown: shutdown.clone(),
        };
        let application = Arc::new(A::new(context));
        let bridge = Bridge::new(Arc::clone(&policies), Arc::clone(&clock));
        let outgoing = Outgoing {
            issuer: Arc::clone(&issuer),
            agents: live.agents.clone(),
            application: application.deliver(),
            clock: Arc::clone(&clock),
        };
        let settings = Settings { limits: company.limits, clock: Arc::clone(&clock) };
        let gate = Gate::new(Validator::new(Arc::clone(&policies), clock), &identity.api);
        let gate = gate.with_limits(company.limits.requests());
        let metadata = ResourceMetadata::new(identity.api, &A::scopes());
        let suppressed = suppressed::follow(gate.clone(), Arc::clone(&issuer), shutdown.clone());
        let api = Api::new(Arc::clone(&application), gate, metadata, bridge);
        let served = Served { issuer: Arc::clone(&issuer), api, health: Arc::clone(&health), metrics };
        let servers = Servers::start(listeners, tls.as_ref(), &settings, served)?;
        let ready = stay_ready(live.agents.clone(), shutdown.clone());
        let mut background = background(application, live, (own_keys, own), (policies, database.clone()), &shutdown);
        background.spawn(dispatch(database.clone(), outgoing, shutdown.clone()));
        background.spawn(suppressed);
        background.spawn(ready);
        Ok(Self { addresses, servers, issuer, database, health, shutdown, background })
    }

    /// Where the company serves.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Resolves when a listener ends although nobody stopped it.
    pub async fn ended(&mut self) {
        self.servers.ended().await;
    }

    /// Stops in good order: not ready any more, the API takes no new requests and those that run end (ten seconds at
    /// most), then background work ends, then the issuer, then the database is folded into its file.
    pub async fn stop(mut self) {
        self.health.stop();
        tracing::info!(target: "bridge", event = "stopping", outcome = "ok", "stopping");
        self.shutdown.cancel();
        self.servers.stop_api().await;
        let ended = async { while self.background.join_next().await.is_some() {} };
        if timeout(BACKGROUND_END, ended).await.is_err() {
            tracing::warn!(target: "bridge", event = "stopping", outcome = "error", "background work was cut off");
        }
        self.servers.stop_issuer().await;
        self.issuer.stop().await;
        self.servers.stop().await;
        self.database.close().await;
    }
}

fn policies(
    own: OwnPolicy,
    directory: &std::path::Path,
    outbound: &Outbound,
    database: &Database,
) -> Result<Arc<TrustPolicies>, StartError> {
    let timing = KeyTiming::default();
    let fetchers = Arc::new(PartnerFetchers::new(outbound.clone(), timing.fetch_timeout));
    let (clock, status) = (Arc::clone(database.clock()), Some(Arc::new(database.clone()) as _));
    let setup = KeySetup { fetchers, clock, timing, status };
    TrustPolicies::load_for(Some(own), &partners_directory(directory), setup)
        .map(Arc::new)
        .map_err(|refused| StartError::Configuration(refused.errors.iter().map(complaint).collect()))
}

/// Starts what runs beside the listeners.
fn background<A: Application>(
    application: Arc<A>,
    live: Live,
    (own_keys, Own { ring, rotation }): (OwnKeys, Own),
    (policies, database): (Arc<TrustPolicies>, Database),
    shutdown: &CancellationToken,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(own_keys.follow(shutdown.clone()));
    tasks.spawn(OwnKeys::rotate(ring, rotation, shutdown.clone()));
    tasks.spawn(live.follow(shutdown.clone()));
    tasks.spawn(partner_status::follow(policies, database, shutdown.clone()));
    tasks.spawn(async move { application.background().await });
    tasks
}

/// Delivers what the outbox holds.
async fn dispatch(database: Database, outgoing: Outgoing, shutdown: CancellationToken) {
    let dispatcher = Dispatcher::new(database, Arc::new(outgoing), Pace::default());
    shutdown.run_until_cancelled(dispatcher.run()).await;
}
