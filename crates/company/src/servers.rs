use crate::api::Api;
use crate::application::Application;
use crate::error::StartError;
use crate::health::Health;
use crate::listeners::{Listener, Listeners};
use crate::operations;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use bridge_issuer::Issuer;
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long requests that run may take to end when the company stops.
const DRAIN_SECONDS: u64 = 10;
const ISSUER_WORKERS: usize = 1;
const API_WORKERS: usize = 2;
const OPERATIONS_WORKERS: usize = 1;

/// Settings that all listeners share. A macro, because the type of a server cannot be written down.
macro_rules! tuned {
    ($server:expr, $workers:expr) => {
        $server
            .workers($workers)
            .disable_signals()
            .shutdown_timeout(DRAIN_SECONDS)
            .client_request_timeout(Duration::from_secs(5))
            .client_disconnect_timeout(Duration::from_secs(1))
            .tls_handshake_timeout(Duration::from_secs(5))
            .keep_alive(Duration::from_secs(75))
            .max_connections(2048)
            .worker_max_blocking_threads(4)
    };
}

/// Takes a listener into a server, with TLS or without.
macro_rules! served {
    ($server:expr, $listener:expr, $tls:expr) => {{
        let listening = match $tls {
            Some(tls) => $server.listen_rustls_0_23($listener.socket, tls),
            None => $server.listen($listener.socket),
        };
        listening.map_err(|error| StartError::system("a listener cannot be served", error))?.run()
    }};
}

/// The three servers of a company, serving.
#[derive(Debug)]
pub(crate) struct Servers {
    issuer: ServerHandle,
    api: ServerHandle,
    operations: ServerHandle,
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
        let issuer = issuer_server(listeners.issuer, tls, issuer)?;
        let api = api_server(listeners.api, tls, api)?;
        let operations = operations_server(listeners.operations, health, metrics)?;
        let handles = [&issuer, &api, &operations].map(Server::handle);
        let mut running = JoinSet::new();
        for server in [issuer, api, operations] {
            running.spawn(server);
        }
        let [issuer, api, operations] = handles;
        Ok(Self { issuer, api, operations, running })
    }

    /// Resolves when a server ends although nobody stopped it.
    pub(crate) async fn ended(&mut self) {
        self.running.join_next().await;
    }

    /// Takes no more requests at the issuer and the API, and waits for those that run, up to ten seconds.
    pub(crate) async fn drain(&self) {
        futures_util::future::join(self.issuer.stop(true), self.api.stop(true)).await;
    }

    /// Ends the operations pages too.
    pub(crate) async fn stop(mut self) {
        self.operations.stop(true).await;
        while self.running.join_next().await.is_some() {}
    }
}

fn issuer_server(listener: Listener, tls: Option<&ServerConfig>, issuer: Arc<Issuer>) -> Result<Server, StartError> {
    let server = HttpServer::new(move || App::new().configure(|config| issuer.configure(config)));
    Ok(served!(tuned!(server, ISSUER_WORKERS), listener, tls.cloned()))
}

fn api_server<A: Application>(
    listener: Listener,
    tls: Option<&ServerConfig>,
    api: Api<A>,
) -> Result<Server, StartError> {
    let server = HttpServer::new(move || App::new().configure(|config| api.configure(config)));
    Ok(served!(tuned!(server, API_WORKERS), listener, tls.cloned()))
}

fn operations_server(listener: Listener, health: Arc<Health>, metrics: PrometheusHandle) -> Result<Server, StartError> {
    let health = Data::from(health);
    let server = HttpServer::new(move || {
        App::new().configure(|config| operations::configure(config, health.clone(), metrics.clone()))
    });
    Ok(served!(tuned!(server, OPERATIONS_WORKERS), listener, None::<ServerConfig>))
}
