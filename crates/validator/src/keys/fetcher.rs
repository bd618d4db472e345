use crate::policy::TrustPolicy;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Gets a public document of an issuer. The seam between what is held of an issuer and the network.
#[async_trait]
pub trait DocumentFetcher: fmt::Debug + Send + Sync {
    /// Gets exactly this address: an answer from another one is an error, and so is a redirect.
    async fn fetch(&self, wanted: Wanted<'_>) -> Result<Fetched, FetchError>;
}

/// What to get.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The address.
    pub url: &'w Url,
    /// What should be there.
    pub kind: DocumentKind,
    /// The `ETag` of the copy at hand; only with it may the answer be [`Fetched::NotModified`].
    pub etag: Option<&'w str>,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// Metadata, a key set, or the addresses of status lists.
    Json,
    /// A status list token (draft-ietf-oauth-status-list §8.1).
    StatusList,
}

impl DocumentKind {
    /// What is asked for in `Accept`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::StatusList => "application/statuslist+jwt",
        }
    }

    /// The most that is read: 256 KiB, and 2 MiB of a status list.
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::Json => 256 * 1024,
            Self::StatusList => 2 * 1024 * 1024,
        }
    }
}

/// An answer to [`DocumentFetcher::fetch`].
#[derive(Debug, Clone)]
pub enum Fetched {
    /// The copy at hand is still the right one.
    NotModified {
        /// `max-age` of `Cache-Control`; zero for `no-store` and `no-cache`.
        max_age: Option<Duration>,
        /// `Date`: the clock of whoever answered.
        date: Option<Timestamp>,
    },
    /// The document.
    Document(Document),
}

/// A fetched document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its bytes, at most as many as its kind may have.
    pub body: Vec<u8>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// `max-age` of `Cache-Control`; zero for `no-store` and `no-cache`.
    pub max_age: Option<Duration>,
    /// `Date`: the clock of whoever answered.
    pub date: Option<Timestamp>,
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
