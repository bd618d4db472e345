use super::answer::Answers;
use super::authorized::Session;
use super::bearer::bearer_token;
use super::bounds::{Bounds, RequestLimits};
use super::correlation::correlate;
use super::guarded::GuardedRoutes;
use super::problem::Problem;
use super::record::{Record, excerpt};
use crate::access::Authenticated;
use crate::denial::{Denial, Facts};
use crate::validator::Validator;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpMessage};
use bridge_limits::PeerAddress;
use bridge_types::Audience;
use std::rc::Rc;
use std::sync::Arc;

/// Stands before the routes of an API: every request is authenticated before its body is read, and counted and written
/// down once; of refusals that come in a flood, some are only counted.
///
/// A request to an unknown path is authenticated like any other, so that strangers cannot map the API; it is written
/// down as allowed, with status 404 and no required scope.
#[derive(Debug, Clone)]
pub struct Gate {
    validator: Validator,
    answers: Arc<Answers>,
    bounds: Arc<Bounds>,
}

impl Gate {
    /// A gate for the API with this audience, which is also the realm of its challenges.
    pub fn new(validator: Validator, audience: &Audience) -> Self {
        let bounds = Arc::new(Bounds::new(RequestLimits::default(), validator.clock()));
        Self { validator, answers: Arc::new(Answers::new(audience)), bounds }
    }

    /// The same gate with these limits, instead of [`RequestLimits::default`].
    #[must_use]
    pub fn with_limits(self, limits: RequestLimits) -> Self {
        let bounds = Arc::new(Bounds::new(limits, self.validator.clock()));
        Self { bounds, ..self }
    }

    /// Says in the log how many refusals of the last second were counted and not written down. Call it every second,
    /// because after the last request of a flood no other may come to say so.
    pub fn log_suppressed(&self) {
        self.bounds.log_left_out();
    }

    /// The routes, behind this gate. `prefix` is that of `actix_web::web::scope`, empty for all paths; register public
    /// routes before it.
    ///
    /// [`GuardedRoutes`] takes no handler that does not start with an [`Authorized`](crate::Authorized).
    pub fn routes(&self, prefix: &str, routes: GuardedRoutes) -> impl HttpServiceFactory + 'static {
        self.configure(prefix, |config| routes.register(config))
    }

    /// Like [`Gate::routes`] for routes that are not checked by the compiler. A handler that answers with success
    /// without having taken an [`Authorized`](crate::Authorized) has its answer withheld: the caller gets a 500.
    pub fn configure(
        &self,
        prefix: &str,
        routes: impl FnOnce(&mut ServiceConfig),
    ) -> impl HttpServiceFactory + 'static {
        let gate = self.clone();
        web::scope(prefix)
            .configure(routes)
            .wrap(from_fn(move |request, next| gate.clone().pass(request, next)))
            .wrap(from_fn(correlate))
    }

    async fn pass<B: MessageBody>(
        self,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<EitherBody<B>>, Error> {
        let record = Rc::new(Record::open(&request, self.validator.clock(), &self.bounds));
        let address = PeerAddress::from(request.peer_addr());
        let authenticated = match self.authenticate(&request).await {
            Ok(authenticated) => authenticated,
            Err(denial) => {
                let denial = self.bounds.refuse(denial, address);
                let answer = self.answers.answer(&denial, record.correlation_id);
                record.answered(answer.status());
                record.deny(denial);
                return Ok(request.into_response(answer).map_into_right_body());
            }
        };
        record.allow(Arc::clone(&authenticated.0), None);
        let Self { answers, bounds, .. } = self;
        let session = Session { authenticated, record: Rc::clone(&record), answers, bounds, address };
        request.extensions_mut().insert(Rc::new(session));
        let response = next.call(request).await.inspect_err(|error| {
            record.answered(error.as_response_error().status_code());
        })?;
        let status = response.status();
        let response = if (status.is_success() || status.is_redirection()) && !record.is_scope_granted() {
            withhold(response, &record)
        } else {
            response.map_into_left_body()
        };
        record.answered(response.status());
        Ok(response)
    }

    async fn authenticate(&self, request: &ServiceRequest) -> Result<Authenticated, Denial> {
        match bearer_token(request) {
            Ok(token) => self.bounds.admit(self.validator.authenticate(token).await?),
            Err(refusal) => Err(Denial::new(refusal, Facts::default())),
        }
    }
}

/// The last line of defence against a handler that forgot to say which scope it requires.
fn withhold<B>(response: ServiceResponse<B>, record: &Record) -> ServiceResponse<EitherBody<B>> {
    tracing::error!(
        target: "bridge",
        event = "decision",
        outcome = "error",
        correlation_id = %record.correlation_id,
        path = excerpt(response.request().path()),
        "a handler answered without requiring a scope: its answer is withheld"
    );
    let (request, _) = response.into_parts();
    let answer = Problem::internal().answer(Some(record.correlation_id));
    ServiceResponse::new(request, answer.map_into_right_body())
}
