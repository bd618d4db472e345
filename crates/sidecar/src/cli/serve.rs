use super::{Failure, Invocation};
use crate::sidecar::Sidecar;
use bridge_process::Signals;
use bridge_process::telemetry::{self, Origin};
use std::sync::Arc;

/// Runs the sidecar until it is told to stop: SIGTERM or SIGINT.
pub(super) async fn run(invocation: &mut Invocation) -> Result<(), Failure> {
    // Before anything else, so that a signal during the start is not lost.
    let mut signals =
        Signals::listen().map_err(|error| Failure::Failed(format!("signals cannot be received: {error}")))?;
    let config = invocation.load()?;
    let clock = Arc::clone(&invocation.clock);
    let origin = Origin { kind: "sidecar", name: config.name.as_str(), targets: &[] };
    // Dropped last: what is said on the way down is in the log.
    let _log = telemetry::start_log(origin, config.telemetry, Arc::clone(&clock))
        .map_err(|error| Failure::Failed(format!("the log cannot be written: {error}")))?;
    let metrics = telemetry::start_metrics();
    let mut sidecar = Sidecar::start(&config, &invocation.variables, Arc::clone(&clock), metrics)?;
    let addresses = serde_json::to_string(sidecar.addresses());
    invocation.print(addresses.map_err(|error| Failure::Failed(format!("no JSON form: {error}")))?)?;
    tracing::info!(target: "bridge", event = "serving", outcome = "ok", iss = %config.issuer.url, client_id = %config.client.client_id,
        latency_us = u64::try_from(clock.monotonic().as_micros()).unwrap_or(u64::MAX), "serving");
    let stopped = tokio::select! {
        () = signals.received() => Ok(()),
        () = sidecar.ended() => Err(Failure::Failed("a part of the sidecar ended although nobody stopped it; see the log".into())),
    };
    sidecar.stop().await;
    stopped
}
