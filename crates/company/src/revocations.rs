//! Revoking: what the store must not forget and what partners are told, in one transaction.

use crate::events::SecurityEvents;
use async_trait::async_trait;
use bridge_issuer::{RevocationOutcome, RevokeToken, StoreFailure, TokenToRevoke};
use bridge_jose::{CredentialChange, EventSubject, SecurityEvent};
use bridge_store::{Database, StoreError, WriteTransaction};
use bridge_types::{ClientId, KeyId};
use jiff::Timestamp;

/// Revokes tokens of the own issuer, in a company that serves and in a subcommand beside it.
#[derive(Debug, Clone)]
pub(crate) struct Revocations {
    database: Database,
    events: SecurityEvents,
}

/// What came of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revoked {
    /// Tokens with an `iat` up to and including this moment are revoked.
    pub(crate) until: Timestamp,
    /// The partners to whom word is on its way.
    pub(crate) told: Vec<String>,
}

/// What came of disabling a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disabled {
    /// False when it was disabled before; its tokens were revoked all the same.
    pub(crate) newly: bool,
    /// What became of its tokens.
    pub(crate) tokens: Revoked,
}

impl Revocations {
    pub(crate) fn new(database: Database, events: SecurityEvents) -> Self {
        Self { database, events }
    }

    /// Revokes one token, and tells the partner that it was for.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was revoked then.
    pub(crate) async fn token(
        &self,
        token: &TokenToRevoke,
        reason: Option<&str>,
    ) -> Result<(RevocationOutcome, Vec<String>), StoreError> {
        let mut write = self.database.write_first().await?;
        let outcome = write.revoke_token(token).await?;
        if outcome != RevocationOutcome::Revoked {
            return Ok((outcome, Vec::new()));
        }
        let subject = EventSubject::Token { jti: token.id.clone(), status: Some(token.reference.clone()) };
        let event = event(subject, write.now(), reason);
        let told = self.events.enqueue(&mut write, &event, Some(&token.audience)).await?;
        write.commit().await?;
        Ok((outcome, told))
    }

    /// Revokes every token that a client has got until now. Its next tokens are good.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was revoked then.
    pub(crate) async fn client(&self, client: &ClientId, reason: Option<&str>) -> Result<Revoked, StoreError> {
        let mut write = self.database.write_first().await?;
        let revoked = self.revoke_client(&mut write, client, reason).await?;
        write.commit().await?;
        Ok(revoked)
    }

    /// Revokes every token of the issuer. The next ones are good.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was revoked then.
    pub(crate) async fn all(&self, reason: Option<&str>) -> Result<Revoked, StoreError> {
        let mut write = self.database.write_first().await?;
        let until = write.revoke_all_tokens().await?.until;
        let told = self.events.enqueue(&mut write, &event(EventSubject::Issuer, until, reason), None).await?;
        write.commit().await?;
        Ok(Revoked { until, told })
    }

    /// Lets a client get no more tokens, and revokes those that it has.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then.
    pub(crate) async fn disable(&self, client: &ClientId, reason: Option<&str>) -> Result<Disabled, StoreError> {
        let mut write = self.database.write_first().await?;
        let newly = write.disable_client(client, reason.unwrap_or_default()).await?;
        let tokens = self.revoke_client(&mut write, client, reason).await?;
        write.commit().await?;
        Ok(Disabled { newly, tokens })
    }

    /// Lets a client get tokens again; `false` when it was not disabled. Tokens that were revoked stay revoked.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then.
    pub(crate) async fn enable(&self, client: &ClientId) -> Result<bool, StoreError> {
        let mut write = self.database.write_first().await?;
        let enabled = write.enable_client(client).await?;
        write.commit().await?;
        Ok(enabled)
    }

    /// True when a client has got tokens that may be alive, be it registered or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub(crate) async fn knows(&self, client: &ClientId) -> Result<bool, StoreError> {
        self.database.has_tokens(client).await
    }

    /// Tells partners that keys of the issuer are not to be trusted any more, as part of the write that withdraws them;
    /// gives the partners.
    ///
    /// # Errors
    /// [`StoreError`]; the write must be given up then.
    pub(crate) async fn keys(
        &self,
        write: &mut WriteTransaction,
        kids: &[KeyId],
        reason: &str,
    ) -> Result<Vec<String>, StoreError> {
        let (mut told, moment) = (Vec::new(), write.now());
        for kid in kids {
            let event = event(EventSubject::Key { kid: kid.clone() }, moment, Some(reason));
            told = self.events.enqueue(write, &event, None).await?;
        }
        Ok(told)
    }

    /// Revokes every token that a client got until now, because a credential of it is in strange hands, as part of the
    /// write that ends that credential; gives the partners that are told.
    ///
    /// # Errors
    /// [`StoreError`]; the write must be given up then.
    pub(crate) async fn credential(
        &self,
        write: &mut WriteTransaction,
        client: &ClientId,
        reason: &str,
    ) -> Result<Vec<String>, StoreError> {
        let until = write.revoke_tokens_of(client).await?.until;
        let subject = EventSubject::Credential { client: client.clone(), change: CredentialChange::Revoke };
        self.events.enqueue(write, &event(subject, until, Some(reason)), None).await
    }

    async fn revoke_client(
        &self,
        write: &mut WriteTransaction,
        client: &ClientId,
        reason: Option<&str>,
    ) -> Result<Revoked, StoreError> {
        let until = write.revoke_tokens_of(client).await?.until;
        let subject = EventSubject::Client { client: client.clone() };
        let told = self.events.enqueue(write, &event(subject, until, reason), None).await?;
        Ok(Revoked { until, told })
    }
}

fn event(subject: EventSubject, moment: Timestamp, reason: Option<&str>) -> SecurityEvent {
    SecurityEvent { event_timestamp: moment.into(), reason_admin: reason.map(str::to_owned), subject }
}

#[async_trait]
impl RevokeToken for Revocations {
    async fn revoke_token(&self, token: &TokenToRevoke) -> Result<RevocationOutcome, StoreFailure> {
        Ok(self.token(token, None).await?.0)
    }
}
