use super::correlation::{CORRELATION_HEADER, header_value};
use super::metadata;
use super::problem::Problem;
use crate::denial::Denial;
use crate::reason::Challenge;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use bridge_types::{Audience, CorrelationId};

/// Turns a [`Denial`] into what the caller sees: RFC 6750 challenge and RFC 9457 problem, of fixed texts alone.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    /// The parameters that every challenge ends with.
    place: String,
    realm: String,
}

impl Answers {
    pub(super) fn new(audience: &Audience) -> Self {
        let place = format!("resource_metadata=\"{}\"", metadata::url_of(audience));
        Self { place, realm: format!("Bearer realm=\"{}\"", audience.as_str().replace('"', "%22")) }
    }

    pub(super) fn answer(&self, denial: &Denial, id: CorrelationId) -> HttpResponse {
        let outward = denial.reason().outward();
        let status = StatusCode::from_u16(outward.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let challenge = self.challenge(denial);
        // Where more scope would not help, naming one would only mislead.
        let scope = denial.required_scope().filter(|_| outward.challenge == Challenge::InsufficientScope);
        let problem = Problem::new(status, outward.code, outward.sentence).requiring(scope);
        let mut answer = problem.answer(Some(id));
        let headers = answer.headers_mut();
        headers.insert(CORRELATION_HEADER, header_value(id));
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(after) = denial.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(after.as_secs()));
        }
        answer
    }

    /// RFC 6750 §3, with the place of the metadata (RFC 9728 §5.1).
    fn challenge(&self, denial: &Denial) -> Option<String> {
        let outward = denial.reason().outward();
        let (realm, place) = (&self.realm, &self.place);
        let error = match outward.challenge {
            Challenge::None => return None,
            Challenge::Bare => return Some(format!("{realm}, {place}")),
            Challenge::InvalidRequest => "invalid_request",
            Challenge::InvalidToken => "invalid_token",
            Challenge::InsufficientScope => "insufficient_scope",
        };
        let described = format!("{realm}, error=\"{error}\", error_description=\"{}\"", outward.sentence);
        match denial.required_scope() {
            Some(scope) => Some(format!("{described}, scope=\"{scope}\", {place}")),
            None => Some(format!("{described}, {place}")),
        }
    }
}
