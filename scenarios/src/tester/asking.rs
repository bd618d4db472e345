use super::Client;
use super::http::{Answer, Body, Request};
use super::token::Held;
use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::Unmet;
use crate::stand::Stand;
use bridge_types::{AccessToken, Clock};
use serde_json::Value;

/// A request for a token (RFC 6749 §4.4.2), with one-time client authentication (RFC 7523 §2.2).
#[derive(Debug, Clone)]
pub(crate) struct TokenRequest {
    issuer: Side,
    form: Vec<(&'static str, String)>,
}

impl TokenRequest {
    /// A request of one of the tester's clients to the issuer of its own company, still without audience and scope.
    pub(crate) fn new(stand: &Stand, side: Side, client: Client) -> Result<Self, Unmet> {
        let assertion =
            stand.tester.assertion(side, client, &stand.plan.parties[side].issuer.url, stand.clock.now())?;
        stand.journal.asserted(&assertion);
        let form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", assertion),
        ];
        Ok(Self { issuer: side, form })
    }

    /// Asks for this audience (RFC 8707). Given twice, it asks for two.
    pub(crate) fn resource(self, audience: &str) -> Self {
        self.with("resource", audience)
    }

    /// Asks for these scopes.
    pub(crate) fn scope(self, scope: &str) -> Self {
        self.with("scope", scope)
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.form.push((name, value.to_owned()));
        self
    }

    /// Sends it. Gives the answer without the token, and the token.
    pub(crate) async fn send(self, stand: &Stand) -> (Answer, Option<Held>) {
        let mut request = Request::new(self.issuer, Part::Issuer, "POST /token");
        request.body = Body::Form(self.form);
        let mut answer = stand.http.send(request).await;
        let token = match answer.json.get_mut("access_token").map(Value::take) {
            Some(Value::String(token)) => AccessToken::new(token),
            _ => return (answer, None),
        };
        stand.journal.saw(&token);
        (answer, Some(Held::from(token)))
    }
}
