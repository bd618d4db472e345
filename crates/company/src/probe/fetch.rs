use crate::error::with_causes;
use actix_web::http::header::HttpDate;
use bridge_types::Clock;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, DATE, HeaderMap};
use reqwest::{Client, StatusCode};
use std::time::SystemTime;
use url::Url;

const MAX_BODY: usize = 256 * 1024;

/// A document of a partner.
pub(super) struct Answer {
    pub(super) url: Url,
    pub(super) body: Vec<u8>,
    /// How far the partner's clock is ahead of ours, by its `Date`; to the second.
    pub(super) skew: Option<SignedDuration>,
}

/// Gets a document, up to 256 KiB.
///
/// # Errors
/// A sentence for the operator.
pub(super) async fn fetch(client: &Client, url: &Url, clock: &dyn Clock) -> Result<Answer, String> {
    let broken = |error: reqwest::Error| format!("no answer from {url}: {}", with_causes(&error.without_url()));
    let mut response = client.get(url.clone()).header(ACCEPT, "application/json").send().await.map_err(broken)?;
    if response.status() != StatusCode::OK {
        return Err(format!("{url}: expected status 200, found {}", response.status().as_u16()));
    }
    let skew = date(response.headers()).map(|theirs| theirs.duration_since(clock.now()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(format!("{url}: expected at most {MAX_BODY} bytes, found more"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { url: url.clone(), body, skew })
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date: HttpDate = headers.get(DATE)?.to_str().ok()?.parse().ok()?;
    Timestamp::try_from(SystemTime::from(date)).ok()
}
