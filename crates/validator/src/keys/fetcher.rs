use crate::policy::TrustPolicy;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The most that is read of a metadata document or key set.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// Gets a public document of an issuer. The seam between the key cache and the network.
#[async_trait]
pub trait DocumentFetcher: fmt::Debug + Send + Sync {
    /// Gets exactly this address: an answer from another one is an error, and so is a redirect.
    ///
    /// `etag` is that of the copy at hand; only with it may the answer be [`Fetched::NotModified`].
    async fn fetch(&self, url: &Url, etag: Option<&str>) -> Result<Fetched, FetchError>;
}

/// An answer to [`DocumentFetcher::fetch`].
#[derive(Debug, Clone)]
pub enum Fetched {
    /// The copy at hand is still the right one.
    NotModified {
        /// `max-age` of `Cache-Control`; zero for `no-store` and `no-cache`.
        max_age: Option<Duration>,
    },
    /// The document.
    Document(Document),
}

/// A fetched document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its bytes, at most 256 KiB.
    pub body: Vec<u8>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// `max-age` of `Cache-Control`; zero for `no-store` and `no-cache`.
    pub max_age: Option<Duration>,
}

/// Why a document could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// No answer: name, connection, TLS or time-out.
    #[error("no answer from {url}: {reason}")]
    Unreachable {
        /// What was asked for.
        url: Url,
        /// The whole chain of causes.
        reason: String,
    },
    /// An answer that is none.
    #[error("unusable answer from {url}: expected {expected}, found {found}")]
    Unusable {
        /// What was asked for.
        url: Url,
        /// What should have come.
        expected: &'static str,
        /// What came.
        found: String,
    },
}

/// Makes the [`DocumentFetcher`] for one partner: with its own certificates, and for it alone.
pub trait FetcherSource: Send + Sync {
    /// A fetcher that trusts [`TrustPolicy::ca`] beside the usual authorities.
    ///
    /// # Errors
    /// A sentence for the operator, such as that the certificates cannot be used.
    fn fetcher(&self, policy: &TrustPolicy) -> Result<Arc<dyn DocumentFetcher>, String>;
}

impl<F> FetcherSource for F
where
    F: Fn(&TrustPolicy) -> Result<Arc<dyn DocumentFetcher>, String> + Send + Sync,
{
    fn fetcher(&self, policy: &TrustPolicy) -> Result<Arc<dyn DocumentFetcher>, String> {
        self(policy)
    }
}
