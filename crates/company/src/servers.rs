use crate::api::Api;
use crate::application::Application;
use crate::error::StartError;
use crate::health::Health;
use crate::in_flight::InFlight;
use crate::linger::linger;
use crate::listeners::{Listener, Listeners};
use crate::operations;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use bridge_issuer::Issuer;
use bridge_validator::web::correlate;
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long requests that run may take to end when the company stops.
const PATIENCE: Duration = Duration::from_secs(10);
const ISSUER_WORKERS: usize = 1;
const API_WORKERS: usize = 2;
const OPERATIONS_WORKERS: usize = 1;

/// A server for these routes on a bound listener, with the settings that all listeners share; `correlated` puts the
/// correlation id on every answer. A macro, because the type of a server cannot be written down.
macro_rules! server {
    ($routes:expr, $in_flight:expr, $workers:expr, $listener:expr, $tls:expr, correlated: $correlated:expr) => {{
        let (routes, in_flight, listener): (_, Arc<InFlight>, Listener) = ($routes, Arc::clone($in_flight), $listener);
        let server = HttpServer::new(move || {
            let (routes, in_flight) = (routes.clone(), Arc::clone(&in_flight));
            App::new()
                .configure(move |config| routes.configure(config))
                .wrap(from_fn(move |request, next| Arc::clone(&in_flight).count(request, next)))
                .wrap(Condition::new($correlated, from_fn(correlate)))
                .wrap(from_fn(linger))
        })
        .workers($workers)
        .disable_signals()
        .client_request_timeout(Duration::from_secs(5))
        .client_disconnect_timeout(Duration::from_secs(1))
        .tls_handshake_timeout(Duration::from_secs(5))
        .keep_alive(Duration::from_secs(75))
        .max_connections(2048)
        .worker_max_blocking_threads(4);
        let listening = match $tls {
            Some(tls) => server.listen_rustls_0_23(listener.socket, ServerConfig::clone(tls)),
            None => server.listen(listener.socket),
        };
        listening.map_err(|error| StartError::system("a listener cannot be served", error))?.run()
    }};
}

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

impl Servers {
    /// Starts serving on listeners that are bound.
    pub(crate) fn start<A: Application>(
        listeners: Listeners,
        tls: Option<&ServerConfig>,
        served: Served<A>,
    ) -> Result<Self, StartError> {
        let Served { issuer, api, health, metrics } = served;
        let pages = operations::Pages::new(Data::from(health), Data::new(metrics));
        let flights: [Arc<InFlight>; 3] = Default::default();
        let [issuing, calling, operating] = &flights;
        let issuer = server!(issuer, issuing, ISSUER_WORKERS, listeners.issuer, tls, correlated: false);
        let api = server!(api, calling, API_WORKERS, listeners.api, tls, correlated: true);
        let operations = server!(pages, operating, OPERATIONS_WORKERS, listeners.operations, None::<&ServerConfig>, correlated: false);
        let handles = [issuer.handle(), api.handle(), operations.handle()];
        let mut running = JoinSet::new();
        for server in [issuer, api, operations] {
            running.spawn(server);
        }
        let [issuing, calling, operating] = flights;
        let [issuer, api, operations] = handles;
        Ok(Self {
            issuer: Stoppable { handle: issuer, in_flight: issuing },
            api: Stoppable { handle: api, in_flight: calling },
            operations: Stoppable { handle: operations, in_flight: operating },
            running,
        })
    }

    /// Resolves when a server ends although nobody stopped it.
    pub(crate) async fn ended(&mut self) {
        self.running.join_next().await;
    }

    /// Ends the API after the requests that run.
    pub(crate) async fn stop_api(&self) {
        self.api.stop().await;
    }

    /// Ends the issuer after the requests that run.
    pub(crate) async fn stop_issuer(&self) {
        self.issuer.stop().await;
    }

    /// Ends the operations pages, the last to go.
    pub(crate) async fn stop(mut self) {
        self.operations.stop().await;
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
    async fn stop(&self) {
        self.handle.pause().await;
        self.in_flight.drain(PATIENCE).await;
        self.handle.stop(false).await;
    }
}
