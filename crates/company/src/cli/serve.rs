use super::Invocation;
use super::failure::Failure;
use crate::application::Application;
use crate::company::Company;
use crate::config::Configuration;
use crate::telemetry;
use std::sync::Arc;

/// Runs the company until it is told to stop: SIGTERM or SIGINT.
pub(super) async fn run<A: Application>(invocation: &mut Invocation) -> Result<(), Failure> {
    // Before anything else, so that a signal during the start is not lost.
    let mut signals = Signals::listen()?;
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let clock = Arc::clone(&invocation.clock);
    let company = &configuration.company;
    telemetry::start_log(company.name.as_str(), company.telemetry, Arc::clone(&clock));
    let metrics = telemetry::start_metrics();
    let mut company = Company::start::<A>(configuration, Arc::clone(&clock), metrics).await?;
    let addresses = company.addresses();
    invocation.console.json_line(addresses)?;
    tracing::info!(target: "bridge", event = "serving", outcome = "ok", iss = %addresses.issuer.url, aud = %addresses.api.url,
        latency_us = u64::try_from(clock.monotonic().as_micros()).unwrap_or(u64::MAX), "serving");
    let stopped = tokio::select! {
        () = signals.received() => Ok(()),
        () = company.ended() => Err(Failure::failed("a listener ended although nobody stopped it; see the log")),
    };
    company.stop().await;
    stopped
}

/// The signals that ask a process to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let unheard = |error| Failure::failed(format!("signals cannot be received: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
        Ok(Self { terminate, interrupt })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    async fn received(&mut self) {
        // An error says that no signal can come; then nothing ends this wait.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
