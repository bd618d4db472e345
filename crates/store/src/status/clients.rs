//! The tables `client_cutoffs` and `disabled_clients`: what restricts clients beyond their registration.

use crate::{Connection, Database, StoreError, Topic, WriteTransaction, from_micros, to_micros};
use bridge_issuer::ClientLimits;
use bridge_types::ClientId;
use jiff::Timestamp;

/// A client that gets no tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisabledClient {
    /// Its identifier at the own issuer.
    pub client: ClientId,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the words of the operator. May be empty.
    pub reason: String,
}

impl Database {
    /// The clients that are disabled, by identifier.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn disabled_clients(&self) -> Result<Vec<DisabledClient>, StoreError> {
        let rows: Vec<(String, i64, String)> =
            sqlx::query_as("SELECT client, disabled_at, reason FROM disabled_clients ORDER BY client")
                .fetch_all(self.read().await?.as_mut())
                .await?;
        let disabled = |(name, since, reason): (String, i64, String)| {
            Ok(DisabledClient { client: client(&name)?, since: from_micros(since)?, reason })
        };
        rows.into_iter().map(disabled).collect()
    }
}

impl WriteTransaction {
    /// Lets a client get no more tokens, from the next one on and in every process; `false` when it was disabled before.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn disable_client(&mut self, client: &ClientId, reason: &str) -> Result<bool, StoreError> {
        let now = to_micros(self.now());
        let done = sqlx::query(
            "INSERT INTO disabled_clients (client, disabled_at, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(client.as_str())
        .bind(now)
        .bind(reason)
        .execute(self.connection())
        .await?;
        self.touch(Topic::Clients).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets a client get tokens again; `false` when it was not disabled.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn enable_client(&mut self, client: &ClientId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM disabled_clients WHERE client = $1")
            .bind(client.as_str())
            .execute(self.connection())
            .await?;
        self.touch(Topic::Clients).await?;
        Ok(done.rows_affected() == 1)
    }
}

/// What restricts clients now.
pub(super) async fn limits(connection: &mut Connection) -> Result<ClientLimits, StoreError> {
    let mut limits = ClientLimits::default();
    let disabled: Vec<String> =
        sqlx::query_scalar("SELECT client FROM disabled_clients").fetch_all(&mut *connection).await?;
    for name in &disabled {
        limits.disabled.insert(client(name)?);
    }
    let cutoffs: Vec<(String, i64)> =
        sqlx::query_as("SELECT client, not_before FROM client_cutoffs").fetch_all(connection).await?;
    for (name, not_before) in cutoffs {
        if name.is_empty() {
            limits.not_before_for_all = Some(not_before);
        } else {
            limits.not_before.insert(client(&name)?, not_before);
        }
    }
    Ok(limits)
}

/// Lets the next tokens of a client, or of all, have no earlier `iat` than this second.
pub(super) async fn cut_off(
    connection: &mut Connection,
    client: Option<&ClientId>,
    not_before: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO client_cutoffs (client, not_before) VALUES ($1, $2)
         ON CONFLICT (client) DO UPDATE SET not_before = MAX(not_before, excluded.not_before)",
    )
    .bind(client.map_or("", ClientId::as_str))
    .bind(not_before)
    .execute(connection)
    .await?;
    Ok(())
}

/// The latest `iat` to which tokens of a client, or of any, were moved ahead.
pub(super) async fn latest_cut_off(connection: &mut Connection, client: Option<&ClientId>) -> Result<i64, StoreError> {
    let latest: Option<i64> =
        sqlx::query_scalar("SELECT MAX(not_before) FROM client_cutoffs WHERE $1 IS NULL OR client IN ('', $1)")
            .bind(client.map(ClientId::as_str))
            .fetch_one(connection)
            .await?;
    Ok(latest.unwrap_or(i64::MIN))
}

/// Forgets cut-offs that lie behind every token that will ever be made again.
pub(super) async fn forget_cutoffs(connection: &mut Connection, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM client_cutoffs WHERE not_before < $1")
        .bind(before.as_second())
        .execute(connection)
        .await?;
    Ok(())
}

fn client(name: &str) -> Result<ClientId, StoreError> {
    name.parse().map_err(|error| StoreError::unreadable("client", error))
}
