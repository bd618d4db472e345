use bridge_client::TraceParent;
use bridge_store::StoreError;
use bridge_validator::Problem;
use std::error::Error;

/// Why a request was not carried out: the caller's doing, or ours.
#[derive(Debug)]
pub enum Failure {
    /// The caller learns this.
    Refused(Problem),
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
        Self::Internal(Box::new(error))
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
            Failure::Internal(error) => {
                let trace_id = TraceParent::current().map(|trace| trace.trace_id());
                tracing::error!(target: "bridge", event = "request_failed", outcome = "error", trace_id,
                    detail = error.to_string(), "a request could not be carried out");
                Self::internal()
            }
        }
    }
}
