use crate::api::Api;
use crate::application::Application;
use crate::config::LimitsConfig;
use crate::error::StartError;
use crate::health::Health;
use crate::http::{Door, Routes, worker};
use crate::in_flight::InFlight;
use crate::listeners::{Listener, Listeners};
use crate::operations::Pages;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{Data, ServiceConfig};
use bridge_issuer::Issuer;
use bridge_types::Clock;
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long requests that run may take to end when the company stops.
const API_PATIENCE: Duration = Duration::from_secs(10);
const ISSUER_PATIENCE: Duration = Duration::from_secs(5);
const OPERATIONS_PATIENCE: Duration = Duration::from_secs(1);
/// Connections of one worker; one more waits to be accepted.
const MAX_CONNECTIONS: usize = 2048;

/// The three servers of a company, serving.
#[derive(Debug)]
pub(crate) struct Servers {
    issuer: Stoppable,
    api: Stoppable,
    operations: Stoppable,
    running: JoinSet<std::io::Result<()>>,
}

/// What the servers serve.
pub(crate) struct Served<A> {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) api: Api<A>,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: PrometheusHandle,
}

/// How all of them serve.
pub(crate) struct Settings {
    pub(crate) limits: LimitsConfig,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Servers {
    /// Starts serving on listeners that are bound.
    pub(crate) fn start<A: Application>(
        listeners: Listeners,
        tls: Option<&ServerConfig>,
        settings: &Settings,
        served: Served<A>,
    ) -> Result<Self, StartError> {
        let Served { issuer, api, health, metrics } = served;
        let pages = Pages::new(Data::from(health), Data::new(metrics));
        let mut running = JoinSet::new();
        Ok(Self {
            issuer: settings.start(issuer, listeners.issuer, tls, &mut running)?,
            api: settings.start(api, listeners.api, tls, &mut running)?,
            operations: settings.start(pages, listeners.operations, None, &mut running)?,
            running,
        })
    }
}

impl Settings {
    fn start<R: Routes>(
        &self,
        routes: R,
        listener: Listener,
        tls: Option<&ServerConfig>,
        running: &mut JoinSet<std::io::Result<()>>,
    ) -> Result<Stoppable, StartError> {
        let in_flight = Arc::<InFlight>::default();
        let door = Arc::new(Door::new(R::LISTENER, tls, self.limits, Arc::clone(&self.clock)));
        let (flights, limits) = (Arc::clone(&in_flight), self.limits);
        let service = move || worker(routes.clone(), Arc::clone(&door), Arc::clone(&flights), limits);
        let server = Server::build()
            .workers(R::WORKERS)
            .disable_signals()
            .max_concurrent_connections(MAX_CONNECTIONS)
            .worker_max_blocking_threads(4)
            .listen(R::LISTENER, listener.socket, service)
            .map_err(|error| StartError::system("a listener cannot be served", error))?
            .run();
        let handle = server.handle();
        running.spawn(server);
        Ok(Stoppable { handle, in_flight })
    }
}

impl Routes for Arc<Issuer> {
    const LISTENER: &'static str = "issuer";
    const WORKERS: usize = 1;
    const CORRELATED: bool = false;

    fn configure(&self, config: &mut ServiceConfig) {
        Issuer::configure(self, config);
    }
}

impl<A: Application> Routes for Api<A> {
    const LISTENER: &'static str = "api";
    const WORKERS: usize = 2;
    const CORRELATED: bool = true;

    fn configure(&self, config: &mut ServiceConfig) {
        Self::configure(self, config);
    }
}

impl Routes for Pages {
    const LISTENER: &'static str = "operations";
    const WORKERS: usize = 1;
    const CORRELATED: bool = false;

    fn configure(&self, config: &mut ServiceConfig) {
        Self::configure(self, config);
    }
}

impl Servers {
    /// Resolves when a server ends although nobody stopped it.
    pub(crate) async fn ended(&mut self) {
        self.running.join_next().await;
    }

    /// Ends the API after the requests that run.
    pub(crate) async fn stop_api(&self) {
        self.api.stop(API_PATIENCE).await;
    }

    /// Ends the issuer after the requests that run.
    pub(crate) async fn stop_issuer(&self) {
        self.issuer.stop(ISSUER_PATIENCE).await;
    }

    /// Ends the operations pages, the last to go.
    pub(crate) async fn stop(mut self) {
        self.operations.stop(OPERATIONS_PATIENCE).await;
        while self.running.join_next().await.is_some() {}
    }
}

/// One running server.
#[derive(Debug)]
struct Stoppable {
    handle: ServerHandle,
    in_flight: Arc<InFlight>,
}

impl Stoppable {
    async fn stop(&self, patience: Duration) {
        self.handle.pause().await;
        self.in_flight.drain(patience).await;
        self.handle.stop(false).await;
    }
}
