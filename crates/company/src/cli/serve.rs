use super::Invocation;
use super::failure::Failure;
use crate::application::Application;
use crate::company::Company;
use crate::config::Configuration;
use bridge_process::Signals;
use bridge_process::telemetry::{self, Origin};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Whatever hangs, the process ends within this time after it was told to. Less than the half minute after which service
/// managers kill.
const STOP: Duration = Duration::from_secs(27);

/// Runs the company until it is told to stop: SIGTERM or SIGINT.
pub(super) async fn run<A: Application>(invocation: &mut Invocation) -> Result<(), Failure> {
    // Before anything else, so that a signal during the start is not lost.
    let mut signals =
        Signals::listen().map_err(|error| Failure::failed(format!("signals cannot be received: {error}")))?;
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let clock = Arc::clone(&invocation.clock);
    let company = &configuration.company;
    let origin = Origin { kind: "company", name: company.name.as_str(), targets: &["company_a", "company_b"] };
    // Dropped last: what is said on the way down is in the log.
    let _log = telemetry::start_log(origin, company.telemetry, Arc::clone(&clock))
        .map_err(|error| Failure::failed(format!("the log cannot be written: {error}")))?;
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
    match timeout(STOP, company.stop()).await {
        Ok(()) => stopped,
        Err(_) => stopped.and(Err(Failure::failed("the company did not stop in good order; see the log"))),
    }
}
