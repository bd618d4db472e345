use super::fetcher::{Document, DocumentFetcher, DocumentKind, FetchError, Fetched, Wanted};
use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, DATE, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH,
};
use reqwest::{Client, Response, StatusCode};
use std::error::Error;
use std::time::Duration;
use url::Url;

/// Fetches over HTTP with a client that the caller made: its certificates, addresses and connection limits are the
/// caller's business.
///
/// Refused: redirects (build the client with them off; a followed one is noticed and refused too), compressed bodies
/// (they could unpack to anything), bodies larger than their kind may be, and every status but 200 and 304.
/// `Content-Type` is not looked at: issuers label key sets in many ways, and the parsers are strict.
#[derive(Debug, Clone)]
pub struct HttpFetcher {
    client: Client,
    timeout: Duration,
}

impl HttpFetcher {
    /// A fetcher with this client and this limit for one document, connecting included.
    pub fn new(client: Client, timeout: Duration) -> Self {
        Self { client, timeout }
    }
}

#[async_trait]
impl DocumentFetcher for HttpFetcher {
    async fn fetch(&self, wanted: Wanted<'_>) -> Result<Fetched, FetchError> {
        let Wanted { url, kind, etag } = wanted;
        let mut request = self.client.get(url.clone()).timeout(self.timeout);
        request = request.header(ACCEPT, kind.media_type()).header(ACCEPT_ENCODING, "identity");
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await.map_err(|error| unreachable(url, &error))?;
        if response.url() != url {
            return Err(unusable(url, "the address that was asked for", response.url().to_string()));
        }
        let (max_age, date) = (max_age(response.headers()), date(response.headers()));
        match response.status() {
            StatusCode::NOT_MODIFIED => Ok(Fetched::NotModified { max_age, date }),
            StatusCode::OK => {
                let etag = text(response.headers(), &ETAG).map(str::to_owned);
                let body = read_body(url, kind, response).await?;
                Ok(Fetched::Document(Document { body, etag, max_age, date }))
            }
            status => Err(unusable(url, "status 200", format!("status {}", status.as_u16()))),
        }
    }
}

async fn read_body(url: &Url, kind: DocumentKind, mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut encodings = response.headers().get_all(CONTENT_ENCODING).iter();
    if let Some(encoding) = encodings.find(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(unusable(url, "a body that is not compressed", format!("content encoding {encoding:?}")));
    }
    let max_bytes = kind.max_bytes();
    let too_large = |found: String| {
        let expected = match kind {
            DocumentKind::Json => "at most 262144 bytes",
            DocumentKind::StatusList => "at most 2097152 bytes",
        };
        unusable(url, expected, found)
    };
    if let Some(length) = response.content_length().filter(|length| *length > max_bytes as u64) {
        return Err(too_large(format!("{length} bytes")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(url, &error))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(too_large("more".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `Date` (RFC 9110 §6.6.1). One that cannot be read is none.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text(headers, &DATE)?).ok()
}

/// `max-age` (RFC 9111 §5.2.2.1); `no-store` and `no-cache` ask for as little as we may give.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut age = None;
    for directive in text(headers, &CACHE_CONTROL)?.split(',').map(str::trim) {
        if directive.eq_ignore_ascii_case("no-store") || directive.eq_ignore_ascii_case("no-cache") {
            return Some(Duration::ZERO);
        }
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        if name.eq_ignore_ascii_case("max-age") {
            age = value.trim_matches('"').parse().ok().map(Duration::from_secs);
        }
    }
    age
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn unusable(url: &Url, expected: &'static str, found: String) -> FetchError {
    FetchError::Unusable { url: url.clone(), expected, found }
}

fn unreachable(url: &Url, error: &reqwest::Error) -> FetchError {
    let mut reason = if error.is_timeout() { "timed out".to_owned() } else { String::new() };
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        let separator = if reason.is_empty() { "" } else { ": " };
        reason = format!("{reason}{separator}{error}");
        cause = error.source();
    }
    FetchError::Unreachable { url: url.clone(), reason }
}
