use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use bridge_types::CorrelationId;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

pub(super) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error as the caller sees it (RFC 9457): one shape for the whole API, with a stable `code`.
///
/// `type` is `urn:bridge:problem:<code>`, `title` is the code in words. Return it from a handler;
/// [`correlate`](super::correlate) adds the correlation id. What stands in `detail` goes to the caller: no parser
/// message, no internal name, no value that the caller did not send itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static str,
    status: StatusCode,
    detail: Cow<'static, str>,
    required_scope: Option<&'static str>,
    retry_after: Option<Duration>,
    errors: Vec<FieldError>,
}

/// One defect of a request body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body, such as `/lines/0/quantity`; empty for the whole body.
    pub pointer: String,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl Problem {
    /// Any problem. `code` is lower-case words joined by underscores and never changes its meaning.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, status, detail: detail.into(), required_scope: None, retry_after: None, errors: Vec::new() }
    }

    /// 422: the body is well-formed and does not mean anything here.
    pub fn validation_failed(errors: Vec<FieldError>) -> Self {
        let detail = "the request body does not have the expected form";
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail) }
    }

    /// 404.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 409: the state of the resource does not permit this now.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 400: an `Idempotency-Key` is required and absent or malformed.
    pub fn idempotency_key_missing() -> Self {
        let detail = "expected one Idempotency-Key header";
        Self::new(StatusCode::BAD_REQUEST, "idempotency_key_missing", detail)
    }

    /// 422: the `Idempotency-Key` was used before with another request.
    pub fn idempotency_key_reused() -> Self {
        let detail = "the Idempotency-Key was used for another request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
    }

    /// 500. Log the cause where it is handled; the caller learns none of it.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the request could not be completed")
    }

    /// 503: more was asked than can be done now. Nothing was changed; the same request may come again after a moment.
    pub fn overloaded(retry_after: Duration) -> Self {
        let detail = "too much was asked at once; nothing was changed";
        let overloaded = Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail);
        Self { retry_after: Some(retry_after), ..overloaded }
    }

    /// The problem that a bare status stands for.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "there is nothing at this address"),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this method is not for this address"),
            StatusCode::CONFLICT => ("conflict", "the state of the resource does not permit this"),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "the request body is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type", "expected a body of type application/json")
            }
            StatusCode::UNPROCESSABLE_ENTITY => ("validation_failed", "the request does not have the expected form"),
            StatusCode::REQUEST_TIMEOUT => ("request_timeout", "the request took too long to arrive"),
            status if status.is_server_error() => return Self { status, ..Self::internal() },
            _ => ("bad_request", "the request is not well-formed"),
        };
        Self::new(status, code, detail)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    pub(super) fn requiring(mut self, scope: Option<&'static str>) -> Self {
        self.required_scope = scope;
        self
    }

    /// The answer, with or without the id that names the request in our logs.
    pub(super) fn answer(&self, correlation_id: Option<CorrelationId>) -> HttpResponse {
        let mut answer = HttpResponseBuilder::new(self.status);
        if let Some(retry_after) = self.retry_after {
            // Whole seconds, at least one (RFC 9110 §10.2.3): zero would invite the caller to come back at once.
            answer.insert_header((RETRY_AFTER, retry_after.as_secs().max(1)));
        }
        answer
            .insert_header((CONTENT_TYPE, PROBLEM_JSON))
            .body(serde_json::to_string(&self.body(correlation_id)).unwrap_or_default())
    }

    fn body(&self, correlation_id: Option<CorrelationId>) -> Body<'_> {
        let mut title = self.code.replace('_', " ");
        title.get_mut(..1).map(str::make_ascii_uppercase);
        Body {
            kind: format!("urn:bridge:problem:{}", self.code),
            title,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            required_scope: self.required_scope,
            errors: &self.errors,
            correlation_id: correlation_id.map(|id| id.to_string()),
        }
    }
}

#[derive(Serialize)]
struct Body<'p> {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    code: &'static str,
    detail: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_scope: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'p [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.answer(None)
    }
}
