//! One request of the application: checked, given a token, handed on, answered.

mod account;
mod answer;
mod caller;
mod flow;
mod headers;
mod location;
mod refusal;
mod target;

pub(crate) use answer::AnswerBody;
pub(crate) use caller::{Admission, CallerKey, Peer, check_host, refuse_browsers};

use crate::config::Limits;
use crate::partners::{Partner, Partners};
use account::{Account, Handed, Told};
use answer::Downstream;
use bridge_client::{ApiRequest, FlowingAnswer, TraceParent};
use bridge_types::{Clock, CorrelationId};
use bytes::Bytes;
use flow::{Bounds, End, Meter, Metered};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use refusal::Refusal;
use std::sync::Arc;
use target::Target;

/// The name of partners that are not configured, in metrics and logs: a caller's words are no labels.
const UNKNOWN: &str = "unknown";

/// The way from the application to the partners.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) admission: Admission,
    pub(crate) partners: Partners,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The body of a request.
enum Inbound {
    /// At hand, to be sent twice if need be.
    Held(Bytes),
    /// On its way.
    Flowing(Metered<Incoming>),
}

/// What a partner answered.
struct Answered {
    answer: FlowingAnswer,
    /// Where it leads, for the application.
    location: Option<HeaderValue>,
    /// How the body of the request went, if it flowed.
    request: Option<Arc<Meter>>,
}

impl Proxy {
    /// Answers one request. Never fails: whatever goes wrong is an answer too.
    pub(crate) async fn answer(&self, peer: Peer, request: Request<Incoming>) -> Response<AnswerBody> {
        let (head, body) = request.into_parts();
        let account = Account::open(peer, &head, headers::trace(&head.headers), Arc::clone(&self.clock));
        let (target, partner) = match self.destination(peer, &head) {
            Ok(destination) => destination,
            Err(refusal) => return refuse(&account, UNKNOWN, &refusal),
        };
        let name = partner.api.partner();
        match self.forward(partner, &target, (&head, account.trace), body).await {
            Ok(answered) => self.hand_back(name, answered, account),
            Err(refusal) => refuse(&account, name, &refusal),
        }
    }

    /// Everything that can be said of a request without its partner: who sends it, whether it means one thing, where
    /// it goes.
    fn destination<'r>(&'r self, peer: Peer, head: &'r Parts) -> Result<(Target<'r>, &'r Partner), Refusal> {
        self.admission.admit(peer, &head.headers)?;
        refuse_ambiguity(&head.headers)?;
        let target = Target::of(&head.method, &head.uri)?;
        headers::refuse_credentials(&head.headers, target.query)?;
        let partner = self.partners.find(target.partner).ok_or(Refusal::Partner)?;
        Ok((target, partner))
    }

    async fn forward(
        &self,
        partner: &Partner,
        target: &Target<'_>,
        (head, trace): (&Parts, TraceParent),
        body: Incoming,
    ) -> Result<Answered, Refusal> {
        let scopes = partner.routes.scopes(&head.method, target.path).ok_or(Refusal::Route)?;
        let mut request = ApiRequest::new(head.method.clone(), target.path_and_query(), scopes.clone())
            .headers(headers::outbound(head.headers.clone(), trace))
            .time_out(self.limits.answer_within);
        let (flowing, meter) = match self.inbound(body).await? {
            Inbound::Held(body) => {
                request = request.bytes(body);
                (None, None)
            }
            Inbound::Flowing(body) => {
                let meter = body.meter();
                (Some(reqwest::Body::wrap(body)), Some(meter))
            }
        };
        let answer = partner.api.forward(request, flowing).await;
        let answer = answer.map_err(|error| self.fault_of(meter.as_deref()).unwrap_or(Refusal::Call(error)))?;
        if answer.status().is_informational() {
            return Err(Refusal::Answer { found: "expected a final status, found one below 200" });
        }
        let location = location::for_application(&partner.api, target, (answer.status(), answer.headers()))?;
        Ok(Answered { answer, location, request: meter })
    }

    /// Takes in a body that is small and whose length is known; lets any other flow.
    async fn inbound(&self, body: Incoming) -> Result<Inbound, Refusal> {
        let Limits { repeatable_body, request_body, body_idle, .. } = self.limits;
        let length = body.size_hint();
        if let Some(limit) = request_body.filter(|limit| length.lower() > *limit) {
            return Err(Refusal::BodyTooLarge { limit });
        }
        let body = Metered::new(body, Bounds { bytes: request_body, idle: body_idle });
        if length.exact().is_none_or(|length| length > repeatable_body) {
            return Ok(Inbound::Flowing(body));
        }
        let meter = body.meter();
        let held = body.collect().await;
        let broken = || self.fault_of(Some(&meter)).unwrap_or(Refusal::BodyBroken);
        Ok(Inbound::Held(held.map_err(|_| broken())?.to_bytes()))
    }

    /// What is the matter with the body of a request, when that is why it was not answered.
    fn fault_of(&self, request: Option<&Meter>) -> Option<Refusal> {
        match request?.end() {
            End::TooLarge => Some(Refusal::BodyTooLarge { limit: self.limits.request_body.unwrap_or_default() }),
            End::TooSlow => Some(Refusal::BodyTooSlow),
            End::Broken => Some(Refusal::BodyBroken),
            End::Open | End::Whole => None,
        }
    }

    fn hand_back(
        &self,
        partner: &str,
        Answered { answer, location, request }: Answered,
        account: Account,
    ) -> Response<AnswerBody> {
        let (status, correlation_id) = (answer.status(), answer.correlation_id());
        let (headers, body) = answer.into_parts();
        let bounds = Bounds { bytes: self.limits.response_body, idle: self.limits.body_idle };
        let body = Metered::new(body, bounds);
        let response = body.meter();
        let account = Handed { account, partner: partner.to_owned(), status, correlation_id, request, response };
        let mut answer = Response::new(AnswerBody::Flowing(Box::new(Downstream { body, _account: account })));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers::inbound(headers, location);
        answer
    }
}

fn refuse(account: &Account, partner: &str, refusal: &Refusal) -> Response<AnswerBody> {
    let (outward, detail) = (refusal.outward(), refusal.detail());
    let correlation_id = CorrelationId::new();
    account.refused(partner, outward.status, outward.code, Told { correlation_id, detail: &detail });
    answer::refusal(refusal, &detail, correlation_id)
}

/// A request whose length is said in two ways may be read in two ways (RFC 9112 §6.3, request smuggling), and a coding
/// besides chunks would be lost on the way. What hyper has settled by itself (it takes chunks before a length, and closes
/// the connection after) is not seen here; the length is said anew on the way out.
fn refuse_ambiguity(headers: &HeaderMap) -> Result<(), Refusal> {
    let lengths = headers.get_all(CONTENT_LENGTH).iter().count();
    let codings: Vec<_> = headers.get_all(TRANSFER_ENCODING).iter().collect();
    if lengths + codings.len() > 1 {
        return Err(Refusal::Malformed { found: "expected one Content-Length or one Transfer-Encoding, found more" });
    }
    if codings.iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err(Refusal::Malformed { found: "expected no Transfer-Encoding but chunked, found another" });
    }
    Ok(())
}
