//! Keeps up with partners while the company runs: their keys, their status lists, and what they have revoked.

use bridge_store::{Database, Topic};
use bridge_validator::TrustPolicies;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const LOOK: Duration = Duration::from_secs(1);
const TIDY: Duration = Duration::from_mins(1);

/// Renews keys and status lists ahead of time, so that no request has to wait for them; reads what another process of this
/// company was told; and forgets what has no meaning any more.
pub(crate) async fn follow(policies: Arc<TrustPolicies>, database: Database, shutdown: CancellationToken) {
    let mut notices = database.watch(Topic::Notices);
    let (mut look, mut tidy) = (interval(LOOK), interval(TIDY));
    look.set_missed_tick_behavior(MissedTickBehavior::Skip);
    tidy.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = look.tick() => policies.refresh_due(),
            _ = tidy.tick() => policies.tidy_status().await,
            Ok(()) = notices.changed() => policies.recall_status().await,
        }
    }
}
