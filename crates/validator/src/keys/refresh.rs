use super::fetcher::{Document, DocumentFetcher, FetchError, Fetched};
use super::held::Held;
use aws_lc_rs::digest::{SHA256, digest};
use bridge_jose::{IgnoredKey, KeySet, KeySetError, StrictJsonError, parse_strict};
use bridge_types::PartnerIssuer;
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// Where one issuer publishes its keys, and how to get there.
#[derive(Debug)]
pub(super) struct Publisher {
    issuer: PartnerIssuer,
    fetcher: Arc<dyn DocumentFetcher>,
    /// `jwks_uri` as the metadata said, and until when to believe it.
    jwks_uri: Mutex<Option<(Url, Duration)>>,
}

/// What a flight brought back.
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
}

impl Publisher {
    pub(super) fn new(issuer: &PartnerIssuer, fetcher: Arc<dyn DocumentFetcher>) -> Self {
        Self { issuer: issuer.clone(), fetcher, jwks_uri: Mutex::default() }
    }

    /// Gets the keys: metadata first, unless they were read less than `believe` ago, then the JWK set.
    pub(super) async fn refresh(
        &self,
        held: Option<&Held>,
        now: Duration,
        believe: Duration,
    ) -> Result<Refreshed, RefreshError> {
        let known = self.jwks_uri().take().filter(|(_, until)| now < *until);
        let (url, until) = match known {
            Some(known) => known,
            None => (self.discover().await?, now + believe),
        };
        let refreshed = self.key_set(&url, held).await?;
        // Put back on success alone: after a failure the next flight asks the metadata again.
        *self.jwks_uri() = Some((url, until));
        Ok(refreshed)
    }

    /// `jwks_uri` of the issuer's metadata (RFC 8414 §3).
    async fn discover(&self) -> Result<Url, RefreshError> {
        let url = self.issuer.url().metadata_url();
        let Fetched::Document(document) = self.fetcher.fetch(&url, None).await? else {
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
        keys.filter(|keys| keys.origin() == origin && keys.username().is_empty() && keys.password().is_none())
            .ok_or_else(|| RefreshError::AnotherOrigin {
                expected: origin.ascii_serialization(),
                found: excerpt(&metadata.jwks_uri),
            })
    }

    async fn key_set(&self, url: &Url, held: Option<&Held>) -> Result<Refreshed, RefreshError> {
        let known =
            held.and_then(|held| held.etag.as_deref()).filter(|(from, _)| from == url).map(|(_, etag)| etag.as_str());
        let Document { body, etag, max_age } = match self.fetcher.fetch(url, known).await? {
            Fetched::Document(document) => document,
            Fetched::NotModified { max_age } if known.is_some() => return Ok(Refreshed::Same { max_age }),
            Fetched::NotModified { .. } => return Err(RefreshError::Unconditional { url: url.clone() }),
        };
        let digest = digest_of(&body);
        if held.is_some_and(|held| held.digest == digest) {
            return Ok(Refreshed::Same { max_age });
        }
        let (set, ignored) = KeySet::parse(&body).map_err(|error| RefreshError::KeySet { url: url.clone(), error })?;
        let etag = etag.map(|etag| Box::new((url.clone(), etag)));
        Ok(Refreshed::Other { set, ignored, digest, etag, max_age })
    }

    fn jwks_uri(&self) -> std::sync::MutexGuard<'_, Option<(Url, Duration)>> {
        self.jwks_uri.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest_of(body: &[u8]) -> [u8; 32] {
    digest(&SHA256, body).as_ref().first_chunk().copied().unwrap_or_default()
}

/// The start of a text that the other side chose.
fn excerpt(text: &str) -> String {
    text.chars().take(128).collect()
}
