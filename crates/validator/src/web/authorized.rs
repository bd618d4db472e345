use super::answer::Answers;
use super::bounds::Bounds;
use super::correlation::correlation_id;
use super::problem::Problem;
use super::record::{Record, excerpt};
use crate::access::{Authenticated, Authorized, RequiredScope};
use crate::denial::Denial;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use bridge_limits::PeerAddress;
use bridge_types::CorrelationId;
use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

/// What the gate leaves in a request for the extractor.
pub(super) struct Session {
    pub(super) authenticated: Authenticated,
    pub(super) record: Rc<Record>,
    pub(super) answers: Arc<Answers>,
    pub(super) bounds: Arc<Bounds>,
    pub(super) address: PeerAddress,
}

/// Decides about the scope of the route. Make it the FIRST argument of a handler: extractors are polled in the order of
/// the arguments, so a refusal is answered before any body is read. [`guarded`](super::guarded) makes the compiler
/// insist on it.
///
/// Outside a [`Gate`](super::Gate) it answers 500 and logs: a route without a gate is a mistake of ours.
impl<S: RequiredScope> FromRequest for Authorized<S> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = request.extensions().get::<Rc<Session>>().cloned();
        let Some(session) = session else {
            log_missing_gate(request);
            return ready(Err(Problem::internal().into()));
        };
        ready(session.authorize(request).map_err(Error::from))
    }
}

fn log_missing_gate(request: &HttpRequest) {
    tracing::error!(
        target: "bridge",
        event = "decision",
        outcome = "error",
        correlation_id = %correlation_id(request),
        path = excerpt(request.path()),
        "a handler that requires a scope is registered outside the gate"
    );
}

impl Session {
    fn authorize<S: RequiredScope>(&self, request: &HttpRequest) -> Result<Authorized<S>, AccessDenied> {
        match self.authenticated.authorize() {
            Ok(authorized) => {
                self.record.allow(Arc::clone(&self.authenticated.0), Some(S::SCOPE));
                Ok(authorized)
            }
            Err(denial) => {
                let denial = self.bounds.refuse(denial, self.address);
                self.record.deny(denial.clone());
                let answers = Arc::clone(&self.answers);
                Err(AccessDenied { denial, answers, correlation_id: correlation_id(request) })
            }
        }
    }
}

/// A [`Denial`] on its way to the caller.
#[derive(Debug)]
pub struct AccessDenied {
    denial: Denial,
    answers: Arc<Answers>,
    correlation_id: CorrelationId,
}

impl fmt::Display for AccessDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.denial.reason().outward().sentence)
    }
}

impl std::error::Error for AccessDenied {}

impl ResponseError for AccessDenied {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.denial.reason().outward().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.answers.answer(&self.denial, self.correlation_id)
    }
}
