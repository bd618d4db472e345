//! Who may write next. The writer is one connection, and whoever stands in line for it gets it in the order of arrival; so
//! the business, which anybody with a token can make busy, gets one place in that line and queues for it elsewhere.

use crate::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many writes may be waiting or under way on behalf of callers. One more is turned away at once: a caller learns
/// sooner that it should come back, and a flood costs no memory.
const ADMITTED: usize = 32;
/// How long a write waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The writes of the business, in the order in which they came.
#[derive(Debug)]
pub(crate) struct BusinessQueue {
    admitted: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// A place in the queue, on behalf of a caller.
#[derive(Debug)]
pub(crate) struct Admission(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// The one place of the business in the line for the writer.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Default for BusinessQueue {
    fn default() -> Self {
        Self { admitted: Arc::new(Semaphore::new(ADMITTED)), turn: Arc::new(Semaphore::new(1)) }
    }
}

impl BusinessQueue {
    /// A place in the queue; [`StoreError::Busy`] when it is full.
    pub(crate) fn admit(&self) -> Result<Admission, StoreError> {
        Arc::clone(&self.admitted).try_acquire_owned().map(Admission).map_err(|_| StoreError::Busy)
    }

    /// Waits for the turn of this write; [`StoreError::Busy`] when it does not come.
    pub(crate) async fn turn(&self) -> Result<Turn, StoreError> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turn).acquire_owned()).await;
        turn.ok().and_then(Result::ok).map(Turn).ok_or(StoreError::Busy)
    }
}
