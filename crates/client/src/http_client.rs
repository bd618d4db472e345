use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Request, Response};
use std::time::Duration;

const CONNECT_TIME_OUT: Duration = Duration::from_secs(5);

/// The HTTP client for everything this role sends.
///
/// It follows no redirects, because a redirect would carry a token or an assertion to an address that nobody
/// configured; it uses no proxy from the environment; and it unpacks no body, because a small one could become anything.
/// Cloning shares the connections.
#[derive(Debug, Clone)]
pub struct OutboundHttp(reqwest::Client);

impl OutboundHttp {
    /// Finishes a client whose TLS roots and static addresses are set. What this type promises is set here, whatever
    /// the builder said before.
    ///
    /// # Errors
    /// When the TLS settings of the builder cannot be used.
    pub fn new(builder: ClientBuilder) -> Result<Self, reqwest::Error> {
        let builder = builder.redirect(Policy::none()).referer(false).no_proxy().connect_timeout(CONNECT_TIME_OUT);
        builder.no_gzip().no_brotli().no_zstd().no_deflate().build().map(Self)
    }

    pub(crate) async fn execute(&self, request: Request) -> Result<Response, reqwest::Error> {
        self.0.execute(request).await
    }
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum BodyFailure {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads a body up to a cap. Never holds much more than the cap, whatever `Content-Length` says.
pub(crate) async fn read_capped(mut response: Response, cap: usize) -> Result<Vec<u8>, BodyFailure> {
    if response.content_length().is_some_and(|length| length > cap as u64) {
        return Err(BodyFailure::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyFailure::Broken)? {
        if body.len() + chunk.len() > cap {
            return Err(BodyFailure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
