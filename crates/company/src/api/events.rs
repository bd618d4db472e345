use super::Bridge;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use bridge_validator::status::EventRefusal;
use bridge_validator::{Authorized, Problem, RequiredScope};
use serde::Serialize;
use std::time::Duration;

/// Where a partner's issuer tells of revocations, below the URL of an API.
pub(super) const PATH: &str = "/bridge/events";

const MEDIA_TYPE: &str = "application/secevent+jwt";

/// When to send again what could not be put in force.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) struct EventsWrite;

impl RequiredScope for EventsWrite {
    const SCOPE: &'static str = "bridge.events:write";
}

/// The answer to an event that is not acknowledged (RFC 8935 §2.3).
#[derive(Debug, Serialize)]
struct Refused {
    err: &'static str,
    /// Fixed for each code: what was expected and found stands in the log.
    description: &'static str,
}

/// Takes a security event of the caller's own issuer (RFC 8935 §2.1). Whose that is says the access token; the event is
/// verified with the keys of that issuer and of no other.
///
/// 202 says that the event is in force here and stays so over a restart, also when it came for a second time. 400 says
/// that it never will be, and 503 that it should be sent again.
pub(super) async fn receive(
    authorized: Authorized<EventsWrite>,
    bridge: Data<Bridge>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    // The policy may have gone since the request was let in.
    let partner = bridge.policies.of(authorized.principal().issuer.as_str()).ok_or_else(Problem::internal)?;
    let Some(event) = event_of(&request, &body) else { return Ok(refused("invalid_request")) };
    match partner.receive_event(event, bridge.clock.now()).await {
        Ok(_) => Ok(HttpResponse::Accepted().finish()),
        Err(refusal) => answer(&refusal),
    }
}

/// The text of the event, provided that it says to be one.
fn event_of<'b>(request: &HttpRequest, body: &'b Bytes) -> Option<&'b str> {
    let media_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
    media_type.eq_ignore_ascii_case(MEDIA_TYPE).then(|| std::str::from_utf8(body).ok())?
}

fn answer(refusal: &EventRefusal) -> Result<HttpResponse, Problem> {
    match refusal.code() {
        Some(code) => Ok(refused(code)),
        None => Err(Problem::overloaded(AGAIN)),
    }
}

fn refused(err: &'static str) -> HttpResponse {
    let description = match err {
        "invalid_issuer" => "the event is not of the issuer of the access token",
        "invalid_audience" => "the event is for another audience",
        "invalid_key" => "no key of the issuer made the signature",
        _ => "expected one security event token of a known form",
    };
    HttpResponse::BadRequest().json(Refused { err, description })
}
