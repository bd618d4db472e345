use bridge_client::TraceParent;
use bridge_store::StoreError;
use bridge_validator::Problem;
use std::error::Error;
use std::time::Duration;

/// When a caller should come back whose write had no place: the queue empties in a fraction of this.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a request was not carried out: the caller's doing, or ours.
#[derive(Debug)]
pub enum Failure {
    /// The caller learns this.
    Refused(Problem),
    /// The database has more writes to do than it can: the caller is to come back.
    Overloaded,
    /// The caller learns nothing of it; the log does.
    Internal(Box<dyn Error + Send + Sync>),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Overloaded,
            error => Self::Internal(Box::new(error)),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<Failure> for Problem {
    /// Where a failure is handled: what is internal is logged and replaced.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(problem) => problem,
            Failure::Overloaded => {
                tracing::warn!(target: "bridge", event = "request_refused", outcome = "error", trace_id = trace_id(),
                    reason = "overloaded", "a write was turned away because too many are waiting");
                Self::overloaded(RETRY_AFTER)
            }
            Failure::Internal(error) => {
                tracing::error!(target: "bridge", event = "request_failed", outcome = "error", trace_id = trace_id(),
                    detail = error.to_string(), "a request could not be carried out");
                Self::internal()
            }
        }
    }
}

fn trace_id() -> Option<String> {
    TraceParent::current().map(|trace| trace.trace_id())
}
