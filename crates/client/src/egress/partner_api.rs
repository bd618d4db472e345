use super::api_url::ApiUrl;
use super::call::Call;
use super::error::CallError;
use super::refusal::Refusal;
use super::report::Reported;
use super::request::ApiRequest;
use super::response::ApiResponse;
use crate::http_client::{BodyFailure, read_capped};
use crate::{BearerToken, OutboundHttp, TokenSource};
use bridge_types::Audience;
use http::StatusCode;
use std::sync::Arc;

const BODY_CAP: usize = 4 * 1024 * 1024;

/// One partner's API as this company calls it: the only way out for a token.
///
/// Calls go to the configured address alone; see [`ApiUrl::join`]. Redirects are never followed. Cloning shares
/// everything.
#[derive(Debug, Clone)]
pub struct PartnerApi(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) partner: String,
    pub(super) url: ApiUrl,
    pub(super) audience: Audience,
    pub(super) tokens: TokenSource,
    pub(super) http: OutboundHttp,
}

impl PartnerApi {
    /// The API of the partner with this configured name, called with tokens for `audience`. Sends nothing yet.
    pub fn new(
        partner: impl Into<String>,
        url: ApiUrl,
        audience: Audience,
        tokens: TokenSource,
        http: OutboundHttp,
    ) -> Self {
        Self(Arc::new(Shared { partner: partner.into(), url, audience, tokens, http }))
    }

    /// The partner's configured name.
    pub fn partner(&self) -> &str {
        &self.0.partner
    }

    /// Where the API is.
    pub fn url(&self) -> &ApiUrl {
        &self.0.url
    }

    /// The audience of its tokens.
    pub fn audience(&self) -> &Audience {
        &self.0.audience
    }

    /// The client that calls it.
    pub fn tokens(&self) -> &TokenSource {
        &self.0.tokens
    }

    /// Calls the API with a token for exactly the scopes of the request.
    ///
    /// When the partner answers 401 `invalid_token`, the token is renewed once and the request sent once more, with the
    /// same bytes; a 401 means that nothing was done. A 403 renews nothing, because another token would not be another
    /// right. Nothing else is ever sent twice. The answer is read up to 4 MiB.
    ///
    /// # Errors
    /// [`CallError`], split by what to do about it. Every status but 401 and 403 is an answer.
    pub async fn send(&self, request: ApiRequest) -> Result<ApiResponse, CallError> {
        let Shared { url, audience, tokens, .. } = &*self.0;
        let call = Call::prepare(request, url)?;
        let token = tokens.token(audience, &call.scopes).await?;
        let refused = match self.attempt(&call, &token).await {
            Err(CallError::Unauthorized { refusal, .. }) if refusal.asks_for_another_token() => refusal,
            answered => return answered,
        };
        match tokens.replace(&token).await {
            Ok(renewed) if !renewed.is_same(&token) => self.attempt(&call, &renewed).await,
            // There is no other token to try, so the partner's word stands. If the issuer failed, it was logged there.
            Ok(_) | Err(_) => Err(CallError::Unauthorized { partner: self.0.partner.clone(), refusal: refused }),
        }
    }

    async fn attempt(&self, call: &Call, token: &BearerToken) -> Result<ApiResponse, CallError> {
        let clock = self.0.tokens.clock();
        let started = clock.monotonic();
        let result = self.exchange(call, token).await;
        self.report(call, token, &Reported::of(&result), clock.monotonic().saturating_sub(started));
        result
    }

    async fn exchange(&self, call: &Call, token: &BearerToken) -> Result<ApiResponse, CallError> {
        let Shared { http, tokens, .. } = &*self.0;
        let partner = || self.0.partner.clone();
        let answer = http.execute(call.http_request(token)).await.map_err(|source| self.unanswered(source))?;
        let (status, headers, received_at) = (answer.status(), answer.headers().clone(), tokens.clock().now());
        let body = read_capped(answer, BODY_CAP).await.map_err(|failure| match failure {
            BodyFailure::TooLarge => CallError::AnswerTooLarge { partner: partner(), cap: BODY_CAP },
            BodyFailure::Broken(source) => CallError::NoAnswer { partner: partner(), source: source.without_url() },
        })?;
        let response = ApiResponse::new(status, headers, body, received_at);
        let refusal = |response| Box::new(Refusal::read(response));
        match status {
            StatusCode::UNAUTHORIZED => Err(CallError::Unauthorized { partner: partner(), refusal: refusal(response) }),
            StatusCode::FORBIDDEN => Err(CallError::Forbidden { partner: partner(), refusal: refusal(response) }),
            _ => Ok(response),
        }
    }

    /// Tells a request that was not sent from one that may have been.
    pub(super) fn unanswered(&self, source: reqwest::Error) -> CallError {
        let (partner, source) = (self.0.partner.clone(), source.without_url());
        if source.is_connect() {
            CallError::NotSent { partner, source }
        } else {
            CallError::NoAnswer { partner, source }
        }
    }
}
