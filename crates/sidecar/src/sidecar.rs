use crate::config::SidecarConfig;
use crate::error::StartError;
use crate::health::Health;
use crate::listener::{Bound, Listener};
use crate::operations::Pages;
use crate::partners::Partners;
use crate::proxy::Proxy;
use crate::runtime::RuntimeDirectory;
use crate::server::{Ending, serve};
use crate::token_files::TokenFile;
use bridge_process::Variables;
use bridge_process::config::{ConfigError, Name};
use bridge_types::Clock;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How many connections the operations pages may have at a time, and how long they are waited for at the end.
const OPERATIONS: Ending = Ending { connections: 16, drain: Duration::from_secs(1) };

/// A sidecar that serves.
///
/// It starts without anybody's help: neither issuer nor partner is asked before it serves. Dropping it removes its files
/// and does not wait for requests; [`Sidecar::stop`] does.
#[derive(Debug)]
pub struct Sidecar {
    addresses: Addresses,
    health: Arc<Health>,
    serving: CancellationToken,
    beside: CancellationToken,
    tasks: JoinSet<()>,
    background: JoinSet<()>,
    /// Unlocked last, when no file of this sidecar is there any more.
    _runtime: RuntimeDirectory,
}

/// Where a sidecar serves: the one line that `serve` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// The name in logs.
    pub sidecar: Name,
    /// Where the application calls.
    pub listen: ListenAddress,
    /// Where the operations pages are.
    pub operations: OperationsAddress,
    /// Where tokens are kept for applications that call by themselves.
    pub token_files: Vec<PathBuf>,
}

/// Where an application calls.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum ListenAddress {
    /// A port, and the file of the key that callers show.
    Tcp {
        /// The address that was bound.
        address: SocketAddr,
        /// The file of the caller key.
        caller_key_file: PathBuf,
    },
    /// A Unix socket.
    Socket {
        /// Its path.
        socket: PathBuf,
    },
}

/// Where the operations pages are.
#[derive(Debug, Clone, Serialize)]
pub struct OperationsAddress {
    /// The address that was bound.
    pub address: SocketAddr,
}

impl Sidecar {
    /// Starts a sidecar. When this returns `Ok`, it serves.
    ///
    /// # Errors
    /// [`StartError`]; nothing serves then.
    pub fn start(
        config: &SidecarConfig,
        variables: &Variables,
        clock: Arc<dyn Clock>,
        metrics: PrometheusHandle,
    ) -> Result<Self, StartError> {
        let (partners, key_watch) = Partners::connect(config, Arc::clone(&clock))?;
        let runtime = RuntimeDirectory::prepare(config, variables)?;
        let (operations, operations_address) = Listener::bind_open(&config.operations)?;
        let bound = Listener::bind(&config.listen, &runtime)?;
        let token_files = token_files(config, &runtime)?;
        let states: Vec<_> = token_files.iter().map(TokenFile::state).collect();
        let addresses = Addresses {
            sidecar: config.name.clone(),
            listen: bound.address.clone(),
            operations: OperationsAddress { address: operations_address },
            token_files: states.iter().map(|state| state.file.clone()).collect(),
        };
        let health = Health::new(config.name.as_str(), states);

        let (serving, beside) = (CancellationToken::new(), CancellationToken::new());
        let pages = Pages { address: operations_address, health: Arc::clone(&health), metrics };
        let mut background = JoinSet::new();
        background.spawn(serve(operations, Arc::new(pages), OPERATIONS, beside.clone()));
        background.spawn(key_watch.follow(beside.clone()));
        for file in token_files {
            background.spawn(file.keep(partners.clone(), Arc::clone(&health), Arc::clone(&clock), beside.clone()));
        }
        let tasks = serve_applications(config, bound, partners, clock, &serving);
        Ok(Self { addresses, health, serving, beside, tasks, background, _runtime: runtime })
    }

    /// Where the sidecar serves.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Resolves when a part of the sidecar ends although nobody stopped it. What it kept is gone by then.
    pub async fn ended(&mut self) {
        tokio::select! {
            _ = self.tasks.join_next() => {}
            _ = self.background.join_next() => {}
        }
    }

    /// Stops in good order: not ready any more, nobody new is served, requests that run end (as long as `drain` allows),
    /// then token files and the caller key are removed.
    pub async fn stop(mut self) {
        self.health.stop();
        tracing::info!(target: "bridge", event = "stopping", outcome = "ok", "stopping");
        self.serving.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.beside.cancel();
        while self.background.join_next().await.is_some() {}
    }
}

fn token_files(config: &SidecarConfig, runtime: &RuntimeDirectory) -> Result<Vec<TokenFile>, ConfigError> {
    TokenFile::all(&config.token_files, runtime).map_err(|(index, error)| {
        let file = &config.token_files[index].file;
        ConfigError::new(file.place.clone(), format!("the token file {} cannot be used", file.value.display()))
            .expected("a path in a directory that is ours alone, in memory unless `on_disk` in [runtime] is true")
            .found(error.to_string())
            .remedy("correct the path, or the owner and mode of the directory")
    })
}

fn serve_applications(
    config: &SidecarConfig,
    bound: Bound,
    partners: Partners,
    clock: Arc<dyn Clock>,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let proxy = Proxy { admission: bound.admission, partners, limits: config.limits, clock };
    let ending = Ending { connections: config.limits.connections, drain: config.limits.drain };
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(bound.listener, Arc::new(proxy), ending, stop.clone()));
    tasks
}
