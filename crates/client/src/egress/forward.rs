use super::bearer_challenge::BearerChallenge;
use super::call::Call;
use super::error::CallError;
use super::flow::{Flowing, Turn};
use super::partner_api::{PartnerApi, Shared};
use super::report::Reported;
use super::request::ApiRequest;
use super::response::correlation_id;
use crate::BearerToken;
use bridge_types::CorrelationId;
use http::{HeaderMap, StatusCode};
use reqwest::Body;
use std::sync::Arc;

/// A partner's answer whose body is still on its way.
#[derive(Debug)]
pub struct FlowingAnswer {
    head: http::response::Parts,
    challenge: Option<BearerChallenge>,
    body: Body,
}

impl FlowingAnswer {
    fn new(answer: reqwest::Response) -> Self {
        let (head, body) = http::Response::<Body>::from(answer).into_parts();
        let challenge = (head.status == StatusCode::UNAUTHORIZED || head.status == StatusCode::FORBIDDEN)
            .then(|| BearerChallenge::find(&head.headers))
            .flatten();
        Self { head, challenge, body }
    }

    /// The HTTP status, whatever it is. A redirect is given as it came; it is never followed.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The name of this request in the partner's logs, if the partner gave one of our form.
    pub fn correlation_id(&self) -> Option<CorrelationId> {
        correlation_id(self.headers())
    }

    /// The headers, and the body as it arrives. Neither its size nor its time is bounded here.
    pub fn into_parts(self) -> (HeaderMap, Body) {
        (self.head.headers, self.body)
    }

    fn asks_for_another_token(&self) -> bool {
        let asks = |challenge: &BearerChallenge| challenge.asks_for_another_token();
        self.status() == StatusCode::UNAUTHORIZED && self.challenge.as_ref().is_some_and(asks)
    }
}

impl PartnerApi {
    /// Calls the API for somebody else, who reads the answer while it arrives and may still be writing the request.
    ///
    /// The body is that of `request`, or `flowing`: one that cannot be had twice. With the former, an answer of 401
    /// `invalid_token` renews the token once and sends the request once more, as [`Self::send`] does; with the latter
    /// the answer is handed on as it is, and the token is renewed for the next call. Nothing else is ever sent twice.
    /// The time-out of `request` is how long the partner may keep still before its answer begins; what the caller takes
    /// for its body does not count, nor does the body of the answer. Trailer fields of `flowing` are dropped.
    ///
    /// # Errors
    /// [`CallError`], but neither [`CallError::Unauthorized`] nor [`CallError::Forbidden`]: here every status is an
    /// answer.
    pub async fn forward(&self, request: ApiRequest, flowing: Option<Body>) -> Result<FlowingAnswer, CallError> {
        let Shared { url, audience, tokens, .. } = &*self.0;
        let call = Call::prepare(request, url)?;
        let token = tokens.token(audience, &call.scopes).await?;
        let can_repeat = flowing.is_none();
        let answer = self.begin(&call, &token, flowing).await?;
        if !answer.asks_for_another_token() {
            return Ok(answer);
        }
        if !can_repeat {
            tokens.replace_later(&token);
            return Ok(answer);
        }
        match tokens.replace(&token).await {
            Ok(renewed) if !renewed.is_same(&token) => self.begin(&call, &renewed, None).await,
            // There is no other token to try, so the partner's word stands. If the issuer failed, it was logged there.
            Ok(_) | Err(_) => Ok(answer),
        }
    }

    async fn begin(&self, call: &Call, token: &BearerToken, flowing: Option<Body>) -> Result<FlowingAnswer, CallError> {
        let clock = self.0.tokens.clock();
        let started = clock.monotonic();
        let result = self.exchange_heads(call, token, flowing).await;
        let latency = clock.monotonic().saturating_sub(started);
        let reported = match &result {
            Ok(answer) => {
                let reason = answer.challenge.as_ref().and_then(|challenge| challenge.error.as_deref());
                Reported::of_head(answer.status(), answer.headers(), reason)
            }
            Err(error) => Reported::Failure(error),
        };
        self.report(call, token, &reported, latency);
        result
    }

    async fn exchange_heads(
        &self,
        call: &Call,
        token: &BearerToken,
        flowing: Option<Body>,
    ) -> Result<FlowingAnswer, CallError> {
        let turn = Arc::new(Turn::default());
        let flowing = flowing.map(|body| Body::wrap(Flowing::new(body, Arc::clone(&turn))));
        let request = call.unbounded_request(token, flowing);
        let partner = || self.0.partner.clone();
        let answer = turn.wait_for(call.time_out, self.0.http.execute(request)).await;
        let answer = answer.ok_or_else(|| CallError::Late { partner: partner(), patience: call.time_out })?;
        answer.map(FlowingAnswer::new).map_err(|source| self.unanswered(source))
    }
}
