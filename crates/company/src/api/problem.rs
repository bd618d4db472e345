use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, ResponseError};
use bridge_types::CorrelationId;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// An error answer of the API that is not about the token: problem details (RFC 9457) with a stable code.
///
/// Return it from a handler. The API adds the correlation id, the same as in the header `X-Correlation-Id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
}

/// One value of a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: a JSON Pointer into the body (RFC 6901), or the name of a query parameter or header.
    pub pointer: String,
    /// The form that was expected.
    pub expected: String,
    /// What came. Cut it: it is the caller's text.
    pub found: String,
}

impl Problem {
    /// 422: the request can be read, and values in it are wrong.
    pub fn validation_failed(errors: Vec<FieldError>) -> Self {
        let detail = "values of the request are not acceptable; see errors";
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", "validation failed", detail) }
    }

    /// 404: there is no such thing, or the caller may not know of it.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "not found", detail)
    }

    /// 409: the request contradicts the state of the thing.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "conflict with the current state", detail)
    }

    /// 400: a write came without the header that makes it repeatable.
    pub fn idempotency_key_missing() -> Self {
        let detail = "send the header Idempotency-Key with a value of your own, the same for each repetition";
        Self::new(StatusCode::BAD_REQUEST, "idempotency_key_missing", "idempotency key missing", detail)
    }

    /// 422: a write came again with the same key and other content.
    pub fn idempotency_key_reused() -> Self {
        let detail = "this Idempotency-Key was used for another request; use a new one for a new request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "idempotency key reused", detail)
    }

    /// 413: the body is larger than the API reads.
    pub fn body_too_large() -> Self {
        let detail = "the body may have 262144 bytes at most";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "body too large", detail)
    }

    /// 415: the body is not of a type that the route reads.
    pub fn unsupported_media_type() -> Self {
        let detail = "send JSON with content-type application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "unsupported media type", detail)
    }

    /// 500: the fault is here. Log the cause where it is found; the caller learns nothing of it.
    pub fn internal() -> Self {
        let detail = "the request failed here; quote the correlation id when you ask";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error", detail)
    }

    /// The problem of a bare status, for answers that the framework made.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let problem = |code, title, detail| Self::new(status, code, title, detail);
        match status {
            StatusCode::NOT_FOUND => Self::not_found("there is nothing at this path"),
            StatusCode::METHOD_NOT_ALLOWED => {
                problem("method_not_allowed", "method not allowed", "this path does not have this method")
            }
            StatusCode::REQUEST_TIMEOUT => {
                problem("request_timeout", "request timeout", "the request took too long; send it again")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::body_too_large(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::unsupported_media_type(),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                problem("headers_too_large", "headers too large", "the headers may have 32768 bytes at most")
            }
            status if status.is_client_error() => {
                problem("request_malformed", "malformed request", "the request cannot be read")
            }
            _ => Self { status, ..Self::internal() },
        }
    }

    fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, title, detail: detail.into(), errors: Vec::new() }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body of the answer.
    pub(super) fn body(&self, correlation_id: CorrelationId) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Body<'p> {
            #[serde(rename = "type")]
            kind: String,
            title: &'p str,
            status: u16,
            code: &'p str,
            detail: &'p str,
            correlation_id: String,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'p [FieldError],
        }
        serde_json::to_vec(&Body {
            kind: format!("urn:bridge:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            correlation_id: correlation_id.to_string(),
            errors: &self.errors,
        })
    }
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

    /// The head of the answer; the body is written by [`super::answers`], which knows the correlation id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status).insert_header((CONTENT_TYPE, MEDIA_TYPE)).finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

pub(super) const MEDIA_TYPE: &str = "application/problem+json";
