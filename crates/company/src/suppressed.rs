use bridge_issuer::Issuer;
use bridge_validator::Gate;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Says every second how many refusals the log left out.
pub(crate) async fn follow(gate: Gate, issuer: Arc<Issuer>, shutdown: CancellationToken) {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while shutdown.run_until_cancelled(tick.tick()).await.is_some() {
        gate.log_suppressed();
        issuer.log_suppressed();
    }
}
