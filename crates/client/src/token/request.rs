use super::bearer::BearerToken;
use super::endpoint::TokenEndpoint;
use super::error::{FailedAttempt, TokenFailure};
use super::exchange::Exchange;
use super::pace::renewal_delay;
use crate::text::excerpt;
use crate::{Credential, OutboundHttp};
use arc_swap::ArcSwapOption;
use bridge_types::{AccessToken, Audience, Clock, OwnIssuer, Scope, ScopeSet};
use http::StatusCode;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicRequestTokenError, BasicTokenResponse};
use oauth2::{AuthType, TokenResponse, TokenUrl};
use std::sync::Arc;
use std::time::Duration;

/// Far above the profile's 15 minutes, for an own issuer that is not Bridge's; a token for days would be a mistake.
const MAX_LIFETIME_SECONDS: u64 = 3600;

/// One client at its own issuer: makes single requests, keeps nothing but the address of the token endpoint.
#[derive(Debug)]
pub(super) struct Requester {
    pub(super) issuer: OwnIssuer,
    pub(super) credential: Credential,
    pub(super) http: OutboundHttp,
    pub(super) clock: Arc<dyn Clock>,
    endpoint: ArcSwapOption<TokenEndpoint>,
}

/// A token that came, and when its renewal is due on the monotonic clock.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) token: BearerToken,
    pub(super) renew_at: Duration,
}

impl Requester {
    pub(super) fn new(issuer: OwnIssuer, credential: Credential, http: OutboundHttp, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, credential, http, clock, endpoint: ArcSwapOption::empty() }
    }

    /// Asks once for a token (RFC 6749 §4.4, RFC 7523 §2.2, RFC 8707 §2).
    ///
    /// After a failure that is not the issuer's refusal the address of the token endpoint is looked up again.
    pub(super) async fn request(&self, audience: &Audience, scopes: &ScopeSet) -> Result<Grant, FailedAttempt> {
        let endpoint = self.endpoint().await?;
        let exchange = Exchange::new(&self.http, &*self.clock);
        // The lifetime counts from before the request, so the token is never thought to live longer than it does.
        let sent_at = self.clock.monotonic();
        let answer = self.ask(&endpoint, &exchange, audience, scopes).await;
        let granted = answer.and_then(|answer| accept(&answer, audience, scopes, sent_at));
        let in_time = granted.and_then(|grant| {
            let left = grant.token.0.expires_at.saturating_sub(self.clock.monotonic());
            if left.is_zero() { Err(TokenFailure::Late) } else { Ok(grant) }
        });
        in_time.map_err(|cause| {
            if !matches!(cause, TokenFailure::Refused { .. }) {
                self.endpoint.store(None);
            }
            exchange.failed(cause)
        })
    }

    /// Two flights for two slots may both look; that is harmless, and no flight waits for another's time-out.
    async fn endpoint(&self) -> Result<Arc<TokenEndpoint>, FailedAttempt> {
        if let Some(known) = self.endpoint.load_full() {
            return Ok(known);
        }
        let exchange = Exchange::new(&self.http, &*self.clock);
        let found = Arc::new(TokenEndpoint::discover(&self.issuer, &exchange).await?);
        self.endpoint.store(Some(Arc::clone(&found)));
        Ok(found)
    }

    async fn ask(
        &self,
        endpoint: &TokenEndpoint,
        exchange: &Exchange<'_>,
        audience: &Audience,
        scopes: &ScopeSet,
    ) -> Result<BasicTokenResponse, TokenFailure> {
        let assertion = self.credential.assertion(&self.issuer, self.clock.now()).await?;
        let client = BasicClient::new(oauth2::ClientId::new(self.credential.client_id().to_string()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(endpoint.url().clone()));
        let request = client
            .exchange_client_credentials()
            .add_scopes(scopes.iter().map(|scope| oauth2::Scope::new(scope.to_string())))
            .add_extra_param("resource", audience.as_str())
            .add_extra_param("client_assertion_type", assertion.kind)
            .add_extra_param("client_assertion", assertion.text.expose().as_str());
        let url = endpoint.url().as_str();
        request.request_async(exchange).await.map_err(|error| explain(error, exchange.status(), url))
    }
}

/// Checks everything about the answer that a client can check (RFC 6749 §5.1). The token itself stays opaque.
fn accept(
    answer: &BasicTokenResponse,
    audience: &Audience,
    asked: &ScopeSet,
    sent_at: Duration,
) -> Result<Grant, TokenFailure> {
    let token_type = answer.token_type().as_ref();
    if !token_type.eq_ignore_ascii_case("bearer") {
        return Err(TokenFailure::TokenType { found: excerpt(token_type) });
    }
    let found = answer.expires_in().map(|lifetime| lifetime.as_secs());
    let Some(seconds) = found.filter(|seconds| (1..=MAX_LIFETIME_SECONDS).contains(seconds)) else {
        return Err(TokenFailure::Lifetime { found, max: MAX_LIFETIME_SECONDS });
    };
    if let Some(scopes) = answer.scopes() {
        let granted: Result<ScopeSet, _> = scopes.iter().map(|scope| scope.parse::<Scope>()).collect();
        if granted.as_ref() != Ok(asked) {
            let granted: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
            return Err(TokenFailure::Scope { asked: asked.to_string(), granted: excerpt(&granted.join(" ")) });
        }
    }
    let lifetime = Duration::from_secs(seconds);
    let token = AccessToken::new(answer.access_token().secret().clone());
    BearerToken::prepare(&token, audience.clone(), asked.clone(), sent_at + lifetime)
        .map(|token| Grant { token, renew_at: sent_at + renewal_delay(lifetime) })
        .ok_or(TokenFailure::Token)
}

/// Tells an error of the oauth2 crate in our words. Bodies and parser messages are dropped: both may contain a token.
fn explain(error: BasicRequestTokenError<TokenFailure>, status: Option<StatusCode>, url: &str) -> TokenFailure {
    let url = url.to_owned();
    let status = status.unwrap_or_default();
    let refusal = matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    match error {
        BasicRequestTokenError::Request(failure) => failure,
        BasicRequestTokenError::ServerResponse(answer) if refusal => refused(&answer),
        _ if status != StatusCode::OK => TokenFailure::Status { url, status: status.as_u16() },
        _ => TokenFailure::Form { url, expected: "a token response (RFC 6749 section 5.1)" },
    }
}

fn refused(answer: &BasicErrorResponse) -> TokenFailure {
    TokenFailure::Refused {
        code: excerpt(answer.error().as_ref()),
        description: answer.error_description().map(|text| excerpt(text)),
    }
}
