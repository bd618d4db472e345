use super::{jwks_uri, metadata_uri};
use async_trait::async_trait;
use bridge_testkit::TestIssuer;
use bridge_validator::DocumentFetcher;
use bridge_validator::keys::{Document, FetchError, Fetched, Wanted};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// Documents by address. What is not there cannot be reached.
#[derive(Debug, Default)]
pub(crate) struct Network {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<Vec<(String, Option<String>)>>,
}

/// How an address answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Body {
        body: String,
        max_age: Option<u64>,
        etag: Option<&'static str>,
    },
    Status(u16),
    NotModified,
    /// More than is read of a document.
    Huge,
    Never,
}

impl Answer {
    pub(crate) fn body(body: impl Into<String>) -> Self {
        Self::Body { body: body.into(), max_age: Some(300), etag: None }
    }
}

impl Network {
    /// Publishes metadata and keys of an issuer.
    pub(crate) fn publish(&self, issuer: &TestIssuer) {
        self.publish_keys(issuer.url.as_str(), issuer.jwks());
    }

    pub(crate) fn publish_keys(&self, issuer: &str, jwks: impl Into<String>) {
        let metadata = serde_json::json!({"issuer": issuer, "jwks_uri": jwks_uri(issuer)}).to_string();
        self.answer(&metadata_uri(issuer), Answer::body(metadata));
        self.answer(&jwks_uri(issuer), Answer::body(jwks));
    }

    pub(crate) fn answer(&self, url: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(url.to_owned(), answer);
    }

    /// Cuts an issuer off.
    pub(crate) fn cut(&self, issuer: &str) {
        self.answers.lock().unwrap().retain(|url, _| !url.starts_with(issuer));
    }

    pub(crate) fn asked(&self, url: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|(asked, _)| asked == url).count()
    }

    pub(crate) fn asked_at_all(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The condition that the last request for this address had.
    pub(crate) fn last_condition(&self, url: &str) -> Option<String> {
        self.asked.lock().unwrap().iter().rev().find(|(asked, _)| asked == url).and_then(|(_, etag)| etag.clone())
    }
}

#[async_trait]
impl DocumentFetcher for Network {
    async fn fetch(&self, Wanted { url, etag, .. }: Wanted<'_>) -> Result<Fetched, FetchError> {
        self.asked.lock().unwrap().push((url.to_string(), etag.map(str::to_owned)));
        let answer = self.answers.lock().unwrap().get(url.as_str()).cloned();
        // Real answers take a while; whoever asks meanwhile should find the flight on its way.
        tokio::task::yield_now().await;
        match answer {
            Some(Answer::Body { body, max_age, etag: current }) => {
                let max_age = max_age.map(Duration::from_secs);
                if etag.is_some() && etag == current {
                    return Ok(Fetched::NotModified { max_age, date: None });
                }
                let etag = current.map(str::to_owned);
                Ok(Fetched::Document(Document { body: body.into_bytes(), etag, max_age, date: None }))
            }
            Some(Answer::Status(status)) => {
                let found = format!("status {status}");
                Err(FetchError::Unusable { url: url.clone(), expected: "status 200", found })
            }
            Some(Answer::Huge) => Err(FetchError::Unusable {
                url: url.clone(),
                expected: "at most 262144 bytes",
                found: "more".to_owned(),
            }),
            Some(Answer::NotModified) => Ok(Fetched::NotModified { max_age: None, date: None }),
            Some(Answer::Never) => std::future::pending().await,
            None => Err(FetchError::Unreachable { url: url.clone(), reason: "connection refused".to_owned() }),
        }
    }
}
