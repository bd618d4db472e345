//! Who sent a request: RFC 7523, with a key of the client's own or with a token of its platform.

use crate::Issuer;
use crate::assertion::{Known, VerifiedAssertion};
use crate::defect::ClientDefect;
use crate::error::{Outage, TokenError};
use crate::record::Attempt;
use crate::replay::AuthenticatedClient;
use crate::request::{AssertionType, Credentials};
use jiff::Timestamp;
use std::time::Duration;

/// How often the store is asked for keys at most because a client's key is not known. Bounds what invented key ids cost.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_millis(100);

impl Issuer {
    /// Finds out who sent a request, uses its assertion up, and counts the request for its rate.
    pub(crate) async fn authenticate(
        &self,
        credentials: &Credentials<'_>,
        now: Timestamp,
        attempt: &mut Attempt,
    ) -> Result<AuthenticatedClient, TokenError> {
        let assertion = self.check_assertion(credentials, now, attempt).await?;
        let client = self.replay.claim(assertion).await?;
        self.check_again(&client).await?;
        self.bounds().admit(client)
    }

    /// The token of a platform names a workload and not a client, so `client_id` says which client it is to stand for
    /// (RFC 7521 §4.2 has it optional, because there the assertion names the client; what it demands, that both mean the
    /// same client, is what the binding of that client decides). Which way a client authenticates stands in its file: no
    /// request can choose.
    async fn check_assertion(
        &self,
        credentials: &Credentials<'_>,
        now: Timestamp,
        attempt: &mut Attempt,
    ) -> Result<VerifiedAssertion, TokenError> {
        let clients = self.clients();
        let client = credentials.client_id.and_then(|id| clients.find(id));
        if let Some((client, binding)) = client.and_then(|client| Some((client, client.workload()?))) {
            let issuer = self.config().url();
            return VerifiedAssertion::of_workload(credentials, (client, binding), issuer, now, attempt).await;
        }
        match (credentials.kind, credentials.client_id) {
            (AssertionType::JwtBearer, _) => Ok(self.check_own_key(credentials, now, attempt).await?),
            (AssertionType::JwtSpiffe, None) => Err(ClientDefect::ClientIdMissing.into()),
            (AssertionType::JwtSpiffe, Some(named)) => {
                attempt.client_names(named);
                Err(if client.is_some() { ClientDefect::AssertionType } else { ClientDefect::Unknown }.into())
            }
        }
    }

    /// A key that is not known may have come from another process a moment ago: then the keys are read again.
    async fn check_own_key(
        &self,
        credentials: &Credentials<'_>,
        now: Timestamp,
        attempt: &mut Attempt,
    ) -> Result<VerifiedAssertion, ClientDefect> {
        let (issuer, clients) = (self.config().url(), self.clients());
        let keys = self.ring().snapshot();
        let known = Known { issuer, clients: &clients, keys: &keys };
        let checked = VerifiedAssertion::check(credentials, &known, now, attempt);
        let Err(ClientDefect::KeyUnknown) = checked else { return checked };
        let keys = self.ring().now(UNKNOWN_KEY_PAUSE).await;
        VerifiedAssertion::check(credentials, &Known { issuer, clients: &clients, keys: &keys }, now, attempt)
    }

    /// The key of the assertion must not have been revoked before the assertion was claimed, whoever revoked it. The keys of
    /// a platform are not this company's to revoke.
    async fn check_again(&self, client: &AuthenticatedClient) -> Result<(), TokenError> {
        let Some(key) = client.key() else { return Ok(()) };
        let keys = self.ring().at_least(client.revisions().keys).await.map_err(Outage::Keys)?;
        client.client().key(key, &keys).map(drop).ok_or_else(|| ClientDefect::KeyUnknown.into())
    }
}
