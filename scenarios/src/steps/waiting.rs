//! Waiting for something by looking again.

use crate::stage::{Stage, Unmet};
use bridge_types::Clock;
use std::time::Duration;

/// How long the tester waits before it looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until it finds what it looks for, or gives the last failure when the time is over.
pub(super) async fn eventually<T>(
    stage: &mut Stage,
    patience: Duration,
    mut look: impl AsyncFnMut(&mut Stage) -> Result<T, Unmet>,
) -> Result<T, Unmet> {
    let clock = stage.stand().clock;
    let deadline = clock.monotonic() + patience;
    loop {
        match look(stage).await {
            Err(_) if clock.monotonic() < deadline => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
}
