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
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    received_at: Timestamp,
}

impl ApiResponse {
    /// An answer as it came, for callers that got it in another way than by a [`PartnerApi`](crate::PartnerApi).
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>, received_at: Timestamp) -> Self {
        Self { status, headers, body: body.into(), received_at }
    }

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
    /// When it is not UTF-8 (RFC 8259 §8.1) or does not have the form of `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        // From bytes, serde_json would pass over whatever stands in members that `T` does not have.
        let text = str::from_utf8(&self.body).map_err(serde::de::Error::custom)?;
        serde_json::from_str(text)
    }

    /// The name of this request in the partner's logs, if the partner gave one of our form.
    pub fn correlation_id(&self) -> Option<CorrelationId> {
        correlation_id(&self.headers)
    }

    /// How long the partner asks to wait (RFC 9110 §10.2.3), counted from the arrival of the answer. Not capped.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, self.received_at)
    }
}

pub(super) fn correlation_id(headers: &HeaderMap) -> Option<CorrelationId> {
    headers.get(CORRELATION_ID)?.to_str().ok()?.parse().ok()
}
