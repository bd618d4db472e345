use super::fetcher::{Document, DocumentFetcher, DocumentKind, FetchError, Fetched, Wanted};
use super::held::Held;
use aws_lc_rs::digest::{SHA256, digest};
use bridge_jose::{IgnoredKey, KeySet, KeySetError, StrictJsonError, parse_strict};
use bridge_types::PartnerIssuer;
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// Where one issuer publishes its keys, and how to get there.
#[derive(Debug)]
pub(super) struct Publisher {
    issuer: PartnerIssuer,
    metadata: Url,
    fetcher: Arc<dyn DocumentFetcher>,
    /// What the metadata said, and until when to believe it.
    endpoints: Mutex<Option<(Endpoints, Duration)>>,
}

/// Where an issuer publishes, as its metadata say.
#[derive(Debug, Clone)]
struct Endpoints {
    jwks_uri: Url,
    /// `status_list_aggregation_endpoint`, not checked yet (draft-ietf-oauth-status-list §9.1).
    status_lists: Option<String>,
}

/// What a flight brought back.
#[derive(Debug)]
pub(super) struct Trip {
    pub(super) keys: Refreshed,
    /// Where the issuer says which status lists it has.
    pub(super) status_lists: Option<String>,
    /// `Date` of the answer.
    pub(super) date: Option<Timestamp>,
}

/// The keys that a flight brought back.
#[derive(Debug)]
pub(super) enum Refreshed {
    /// The same keys as before.
    Same { max_age: Option<Duration> },
    /// Other keys.
    Other {
        set: KeySet,
        ignored: Vec<IgnoredKey>,
        digest: [u8; 32],
        etag: Option<Box<(Url, String)>>,
        max_age: Option<Duration>,
    },
}

/// Why a flight brought nothing back.
#[derive(Debug, thiserror::Error)]
pub(super) enum RefreshError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("metadata of the issuer are not a strict JSON object: {0}")]
    Json(#[from] StrictJsonError),
    #[error("metadata of the issuer lack what RFC 8414 requires: {0}")]
    Metadata(#[source] serde_json::Error),
    /// The document is somebody else's, or a proxy stands between (RFC 8414 §3.3).
    #[error("metadata of another issuer: expected {expected:?}, found {found:?}")]
    AnotherIssuer { expected: String, found: String },
    #[error("jwks_uri leaves the issuer: expected an address on {expected}, found {found:?}")]
    AnotherOrigin { expected: String, found: String },
    #[error("{url}: {error}")]
    KeySet { url: Url, error: KeySetError },
    #[error("{url}: expected a document, found status 304 to a request without a condition")]
    Unconditional { url: Url },
    #[error("the flight took longer than {0:?}")]
    TimedOut(Duration),
    #[error("the flight was abandoned")]
    Abandoned,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    status_list_aggregation_endpoint: Option<String>,
}

impl Publisher {
    pub(super) fn new(issuer: &PartnerIssuer, fetcher: Arc<dyn DocumentFetcher>) -> Self {
        Self { issuer: issuer.clone(), metadata: issuer.url().metadata_url(), fetcher, endpoints: Mutex::default() }
    }

    /// The same for one that publishes its metadata where OpenID providers do.
    pub(super) fn of_openid(issuer: &PartnerIssuer, fetcher: Arc<dyn DocumentFetcher>) -> Self {
        Self { metadata: issuer.url().openid_configuration_url(), ..Self::new(issuer, fetcher) }
    }

    /// Gets the keys: metadata first, unless they were read less than `believe` ago, then the JWK set.
    pub(super) async fn refresh(
        &self,
        held: Option<&Held>,
        now: Duration,
        believe: Duration,
    ) -> Result<Trip, RefreshError> {
        let known = self.endpoints().take().filter(|(_, until)| now < *until);
        let (endpoints, until) = match known {
            Some(known) => known,
            None => (self.discover().await?, now + believe),
        };
        let (keys, date) = self.key_set(&endpoints.jwks_uri, held).await?;
        let status_lists = endpoints.status_lists.clone();
        // Put back on success alone: after a failure the next flight asks the metadata again.
        *self.endpoints() = Some((endpoints, until));
        Ok(Trip { keys, status_lists, date })
    }

    /// What the issuer's metadata say (RFC 8414 §3, OpenID Connect Discovery §4).
    async fn discover(&self) -> Result<Endpoints, RefreshError> {
        let url = self.metadata.clone();
        let wanted = Wanted { url: &url, kind: DocumentKind::Json, etag: None };
        let Fetched::Document(document) = self.fetcher.fetch(wanted).await? else {
            return Err(RefreshError::Unconditional { url });
        };
        let metadata: Metadata = parse_strict(&document.body)?.map_err(RefreshError::Metadata)?;
        let expected = self.issuer.url();
        if metadata.issuer != expected.as_str() {
            return Err(RefreshError::AnotherIssuer {
                expected: expected.to_string(),
                found: excerpt(&metadata.issuer),
            });
        }
        let origin = expected.to_url().origin();
        let keys = Url::parse(&metadata.jwks_uri).ok();
        let jwks_uri = keys
            .filter(|keys| keys.origin() == origin && keys.username().is_empty() && keys.password().is_none())
            .ok_or_else(|| RefreshError::AnotherOrigin {
                expected: origin.ascii_serialization(),
                found: excerpt(&metadata.jwks_uri),
            })?;
        Ok(Endpoints { jwks_uri, status_lists: metadata.status_list_aggregation_endpoint })
    }

    async fn key_set(&self, url: &Url, held: Option<&Held>) -> Result<(Refreshed, Option<Timestamp>), RefreshError> {
        let known =
            held.and_then(|held| held.etag.as_deref()).filter(|(from, _)| from == url).map(|(_, etag)| etag.as_str());
        let wanted = Wanted { url, kind: DocumentKind::Json, etag: known };
        let Document { body, etag, max_age, date } = match self.fetcher.fetch(wanted).await? {
            Fetched::Document(document) => document,
            Fetched::NotModified { max_age, date } if known.is_some() => {
                return Ok((Refreshed::Same { max_age }, date));
            }
            Fetched::NotModified { .. } => return Err(RefreshError::Unconditional { url: url.clone() }),
        };
        let digest = digest_of(&body);
        if held.is_some_and(|held| held.digest == digest) {
            return Ok((Refreshed::Same { max_age }, date));
        }
        let (set, ignored) = KeySet::parse(&body).map_err(|error| RefreshError::KeySet { url: url.clone(), error })?;
        let etag = etag.map(|etag| Box::new((url.clone(), etag)));
        Ok((Refreshed::Other { set, ignored, digest, etag, max_age }, date))
    }

    fn endpoints(&self) -> std::sync::MutexGuard<'_, Option<(Endpoints, Duration)>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn digest_of(body: &[u8]) -> [u8; 32] {
    digest(&SHA256, body).as_ref().first_chunk().copied().unwrap_or_default()
}

/// The start of a text that the other side chose.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(128).collect()
}
