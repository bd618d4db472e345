use crate::api::{Api, Bridge};
use crate::application::Application;
use crate::config::Configuration;
use crate::error::StartError;
use crate::events::{Outgoing, stay_ready};
use crate::health::Health;
use crate::identity::{Addresses, Identity};
use crate::listeners::Listeners;
use crate::roles::Roles;
use crate::servers::{Served, Servers, Settings};
use crate::suppressed;
use crate::tls;
use bridge_issuer::Issuer;
use bridge_store::{Database, Dispatcher, Pace};
use bridge_types::Clock;
use bridge_validator::{Gate, ResourceMetadata, Validator};
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
    pub async fn start<A: Application>(
        configuration: Configuration,
        clock: Arc<dyn Clock>,
        metrics: PrometheusHandle,
    ) -> Result<Self, StartError> {
        let company = &configuration.company;
        let (name, limits) = (company.name.clone(), company.limits);
        let tls = company.tls.as_ref().map(tls::server_config).transpose()?;
        let listeners = Listeners::bind(company)?;
        let identity = Identity::of(company, listeners.issuer.address, listeners.api.address)?;
        let addresses = identity.addresses(&name, &listeners);
        let database = Database::open(&company.database.value, &A::migrations(), Arc::clone(&clock)).await?;
        let roles = Roles::assemble(configuration, &identity, &database).await?;

        let (issuer, health, shutdown) =
            (Arc::clone(&roles.issuer), Arc::clone(&roles.health), CancellationToken::new());
        let application = Arc::new(A::new(roles.context(name.as_str().into(), &identity, shutdown.clone())));
        let gate = Gate::new(Validator::new(Arc::clone(&roles.policies), Arc::clone(&clock)), &identity.api);
        let gate = gate.with_limits(limits.requests());
        let metadata = ResourceMetadata::new(identity.api, &A::scopes());
        let bridge = Bridge::new(Arc::clone(&roles.policies), Arc::clone(&clock));
        let suppressed = suppressed::follow(gate.clone(), Arc::clone(&issuer), shutdown.clone());
        let api = Api::new(Arc::clone(&application), gate, metadata, bridge);
        let served = Served { issuer: Arc::clone(&issuer), api, health: Arc::clone(&health), metrics };
        let servers = Servers::start(listeners, tls.as_ref(), &Settings { limits, clock }, served)?;
        let mut background = background(application, roles, &shutdown);
        background.spawn(suppressed);
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

/// Starts what runs beside the listeners.
fn background<A: Application>(application: Arc<A>, roles: Roles, shutdown: &CancellationToken) -> JoinSet<()> {
    let outgoing = roles.outgoing(application.deliver());
    let mut tasks = JoinSet::new();
    tasks.spawn(dispatch(roles.database.clone(), outgoing, shutdown.clone()));
    tasks.spawn(stay_ready(roles.agents(), shutdown.clone()));
    tasks.spawn(async move { application.background().await });
    roles.keep_up(&mut tasks, shutdown);
    tasks
}

/// Delivers what the outbox holds.
async fn dispatch(database: Database, outgoing: Outgoing, shutdown: CancellationToken) {
    let dispatcher = Dispatcher::new(database, Arc::new(outgoing), Pace::default());
    shutdown.run_until_cancelled(dispatcher.run()).await;
}
