use crate::retry_after::retry_after;
use bridge_types::CorrelationId;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The header in which an API names the request in its own logs.
const CORRELATION_ID: &str = "x-correlation-id";

/// A partner's answer, read to its end.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) received_at: Timestamp,
}

impl ApiResponse {
    /// The HTTP status. A redirect is given as it came; it is never followed.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body read as JSON, whatever media type it claims to have.
    ///
    /// # Errors
    /// When it does not have the form of `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The name of this request in the partner's logs, if the partner gave one of our form.
    pub fn correlation_id(&self) -> Option<CorrelationId> {
        self.headers.get(CORRELATION_ID)?.to_str().ok()?.parse().ok()
    }

    /// How long the partner asks to wait (RFC 9110 §10.2.3), counted from the arrival of the answer. Not capped.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, self.received_at)
    }
}
