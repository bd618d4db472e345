use super::Client;
use super::http::{Answer, Body, Request};
use super::token::Held;
use crate::side::Side;
use crate::stage::Unmet;
use crate::stand::Stand;
use bridge_client::{ApiRequest, ApiResponse, Credential, OutboundHttp, PartnerApi, TokenSource};
use bridge_types::{AccessToken, Audience, IssuerUrl, OwnIssuer, ScopeSet};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use std::sync::Arc;

/// One of the tester's clients as a program that uses the client library, as a company's own applications do.
#[derive(Debug)]
pub(crate) struct LibraryClient {
    api: PartnerApi,
    to: Side,
    scopes: ScopeSet,
}

impl LibraryClient {
    /// A client of one company that calls the other with these scopes. It has no token yet.
    pub(crate) fn new(stand: &Stand, own: Side, client: Client, scopes: &str) -> Result<Self, Unmet> {
        let to = own.other();
        let issuer: IssuerUrl = stand.plan.parties[own].issuer.url.parse()?;
        let audience: Audience = stand.plan.parties[to].api.url.parse()?;
        let credential = Credential::new(client.id().parse()?, stand.tester.client_key(own).clone());
        let http = OutboundHttp::new(stand.http.builder())?;
        let tokens = TokenSource::new(OwnIssuer::new(issuer), credential, http.clone(), Arc::new(stand.clock));
        let url = stand.plan.parties[to].api.url.parse()?;
        Ok(Self { api: PartnerApi::new(to.name(), url, audience, tokens, http), to, scopes: scopes.parse()? })
    }

    /// The company that it calls.
    pub(crate) fn to(&self) -> Side {
        self.to
    }

    /// Sends a request, and gives what the partner answered.
    pub(crate) async fn send(&self, stand: &Stand, mut request: Request) -> Result<Answer, Unmet> {
        let mut sent = ApiRequest::new(request.method.clone(), request.path.clone(), self.scopes.clone());
        if let Body::Json(body) = &request.body {
            sent = sent.json(body)?;
        }
        let call = stand.http.begin();
        let result = self.api.send(sent).await;
        request.token = self.token();
        request.token.iter().for_each(|held| stand.journal.saw(&held.token));
        let answer = Answer::from(result?);
        stand.http.note(call, request, &answer);
        Ok(answer)
    }

    /// The token that the library holds for its calls.
    fn token(&self) -> Option<Held> {
        let mut headers = HeaderMap::new();
        self.api.tokens().cached(self.api.audience(), &self.scopes)?.attach(&mut headers);
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        Some(Held::from(AccessToken::new(value.strip_prefix("Bearer ")?.to_owned())))
    }
}

impl From<ApiResponse> for Answer {
    fn from(response: ApiResponse) -> Self {
        Self::of(response.status().as_u16(), response.headers().clone(), response.json().unwrap_or_default())
    }
}
