use super::error::{FailedAttempt, TokenFailure};
use crate::OutboundHttp;
use crate::http_client::{BodyFailure, read_capped};
use crate::retry_after::retry_after;
use bridge_types::Clock;
use http::StatusCode;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

const TIME_OUT: Duration = Duration::from_secs(10);
const BODY_CAP: usize = 64 * 1024;

/// One exchange with the own issuer: the HTTP client that the oauth2 crate asks for, bounded in time and size.
///
/// It remembers the status and `Retry-After`, which the oauth2 crate drops.
pub(super) struct Exchange<'h> {
    http: &'h OutboundHttp,
    clock: &'h dyn Clock,
    head: OnceLock<(StatusCode, Option<Duration>)>,
}

impl<'h> Exchange<'h> {
    pub(super) fn new(http: &'h OutboundHttp, clock: &'h dyn Clock) -> Self {
        Self { http, clock, head: OnceLock::new() }
    }

    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TokenFailure> {
        let url = request.uri().to_string();
        let broken =
            |source: reqwest::Error| TokenFailure::Unreachable { url: url.clone(), source: source.without_url() };
        let mut request = reqwest::Request::try_from(request).map_err(broken)?;
        *request.timeout_mut() = Some(TIME_OUT);
        let response = self.http.execute(request).await.map_err(broken)?;
        let status = response.status();
        let _ = self.head.set((status, retry_after(response.headers(), self.clock.now())));
        let mut answer = HttpResponse::default();
        *answer.status_mut() = status;
        *answer.headers_mut() = response.headers().clone();
        *answer.body_mut() = read_capped(response, BODY_CAP).await.map_err(|failure| match failure {
            BodyFailure::TooLarge => TokenFailure::BodyTooLarge { url: url.clone(), cap: BODY_CAP },
            BodyFailure::Broken(source) => broken(source),
        })?;
        Ok(answer)
    }

    /// The status of the answer, once there is one.
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.head.get().map(|(status, _)| *status)
    }

    /// Puts the cause of a failure together with what the answer said about trying again.
    pub(super) fn failed(&self, cause: TokenFailure) -> FailedAttempt {
        FailedAttempt { cause, retry_after: self.head.get().and_then(|(_, retry_after)| *retry_after) }
    }
}

impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = TokenFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TokenFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
