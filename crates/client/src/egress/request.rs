use bridge_types::ScopeSet;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use std::time::Duration;

const TIME_OUT: Duration = Duration::from_secs(30);

/// One call to a partner's API: what to ask, and the scopes that the token for it must have.
///
/// The body is bytes, so that the one repetition after a renewed token sends the same again.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) scopes: ScopeSet,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) time_out: Duration,
}

impl ApiRequest {
    /// A request without body. The path begins with a slash, is URL-encoded, and is taken under the API's base address.
    pub fn new(method: Method, path_and_query: impl Into<String>, scopes: ScopeSet) -> Self {
        Self {
            method,
            path_and_query: path_and_query.into(),
            scopes,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            time_out: TIME_OUT,
        }
    }

    /// Adds a header. A `traceparent` given here goes before that of the task. The headers that belong to the transport or
    /// to the token are refused when the request is sent.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets all these headers, in place of those of the same names; see [`Self::header`].
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Sets the body; its media type, if it has one, is among the headers.
    #[must_use]
    pub fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body and its media type.
    #[must_use]
    pub fn body(mut self, media_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, media_type);
        self.body = body.into();
        self
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn json(self, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(value)?;
        Ok(self.body(HeaderValue::from_static("application/json"), body))
    }

    /// How long one attempt may take, body included, instead of 30 seconds.
    #[must_use]
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }
}
