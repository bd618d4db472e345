use super::api_url::ApiUrl;
use super::error::RequestInvalid;
use super::request::ApiRequest;
use crate::{BearerToken, TraceParent};
use bridge_types::ScopeSet;
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use std::time::Duration;
use url::Url;

const TRACE_PARENT: &str = "traceparent";
const TRACE_STATE: &str = "tracestate";
/// What only the transport or this crate may say. A second `Authorization`, or a length that is not the body's, would let
/// a caller's data decide what the partner reads.
const RESERVED: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// A request that was checked and is ready to be sent, more than once if need be.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) scopes: ScopeSet,
    pub(super) trace: TraceParent,
    headers: HeaderMap,
    body: Bytes,
    pub(super) time_out: Duration,
}

impl Call {
    pub(super) fn prepare(request: ApiRequest, api: &ApiUrl) -> Result<Self, RequestInvalid> {
        let ApiRequest { method, path_and_query, scopes, mut headers, body, time_out } = request;
        let url = api.join(&path_and_query)?;
        if let Some(name) = RESERVED.into_iter().find(|name| headers.contains_key(name)) {
            return Err(RequestInvalid::Header(name));
        }
        let trace = trace(&mut headers);
        Ok(Self { method, url, scopes, trace, headers, body, time_out })
    }

    /// The HTTP request of one attempt, with this token.
    pub(super) fn http_request(&self, token: &BearerToken) -> reqwest::Request {
        let mut request = self.unbounded_request(token, None);
        *request.timeout_mut() = Some(self.time_out);
        request
    }

    /// Like [`Self::http_request`], for an exchange whose time is bounded by whoever waits for it, and maybe with another
    /// body.
    pub(super) fn unbounded_request(&self, token: &BearerToken, flowing: Option<reqwest::Body>) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        token.attach(request.headers_mut());
        if flowing.is_some() {
            *request.body_mut() = flowing;
        } else if !self.body.is_empty() {
            *request.body_mut() = Some(self.body.clone().into());
        } else if matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            // Some servers refuse these methods without a length (RFC 9110 §8.6), and hyper says none for an empty body.
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        request
    }

    /// The address without its query, which may say more than a log should know.
    pub(super) fn url_for_logs(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.into()
    }
}

/// The trace that the caller gave, else that of the task, else a new one; and the one header that says so.
///
/// A `tracestate` stays only with the `traceparent` that it came with (W3C Trace Context §3.3).
fn trace(headers: &mut HeaderMap) -> TraceParent {
    let given = headers.get(TRACE_PARENT).and_then(|value| value.to_str().ok()?.parse().ok());
    if given.is_none() {
        headers.remove(TRACE_STATE);
    }
    let trace = given.or_else(TraceParent::current).unwrap_or_default();
    if let Ok(value) = HeaderValue::try_from(trace.to_string()) {
        headers.insert(TRACE_PARENT, value);
    }
    trace
}
