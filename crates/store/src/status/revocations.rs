//! Revoking: part of a write, so that word of it can be sent in the same transaction.

use super::{clients, signed};
use crate::{Database, StoreError, Topic, WriteTransaction, to_micros};
use bridge_issuer::{IssuerConfig, RevocationOutcome, TokenToRevoke};
use bridge_types::ClientId;
use jiff::{SignedDuration, Timestamp};

/// How long after the last use of a block a token of it may be alive, with a minute for clocks that differ.
const OUTLIVES: SignedDuration = SignedDuration::from_secs(IssuerConfig::MAX_LIFETIME.as_secs().cast_signed() + 60);

/// What was revoked along with a client, or with everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedTokens {
    /// The last second that the revocation covers: tokens with an `iat` up to and including it are revoked.
    pub until: Timestamp,
    /// How many blocks of indices were marked, none of which may have been used.
    pub blocks: u64,
}

impl WriteTransaction {
    /// Revokes one token: sets its bit.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn revoke_token(&mut self, token: &TokenToRevoke) -> Result<RevocationOutcome, StoreError> {
        let now = to_micros(self.now());
        let set = sqlx::query(
            "INSERT INTO revoked_tokens (list, idx, revoked_at)
             SELECT number, $2, $3 FROM status_lists
             WHERE number = $1
               AND NOT EXISTS (SELECT 1 FROM status_blocks WHERE list = $1 AND revoked_at IS NOT NULL
                                 AND first_index <= $2 AND first_index + size > $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(signed(token.list))
        .bind(signed(token.reference.idx))
        .bind(now)
        .execute(self.connection())
        .await?;
        // Only for a bit that is new: each revision costs an encoding.
        let listed = sqlx::query("UPDATE status_lists SET revision = revision + $2 WHERE number = $1")
            .bind(signed(token.list))
            .bind(signed(set.rows_affected()))
            .execute(self.connection())
            .await?;
        match (set.rows_affected(), listed.rows_affected()) {
            (0, 0) => Ok(RevocationOutcome::ListGone),
            (0, _) => Ok(RevocationOutcome::AlreadyRevoked),
            _ => {
                self.touch(Topic::StatusLists).await?;
                Ok(RevocationOutcome::Revoked)
            }
        }
    }

    /// Revokes every token that a client has got until now: marks all its blocks in which a living token may have its
    /// index. The next tokens of the client have indices in other blocks, and a later `iat`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn revoke_tokens_of(&mut self, client: &ClientId) -> Result<RevokedTokens, StoreError> {
        self.revoke_blocks(Some(client)).await
    }

    /// Revokes every token of every client, as [`Self::revoke_tokens_of`] does for one.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn revoke_all_tokens(&mut self) -> Result<RevokedTokens, StoreError> {
        self.revoke_blocks(None).await
    }

    async fn revoke_blocks(&mut self, client: Option<&ClientId>) -> Result<RevokedTokens, StoreError> {
        let now = self.now();
        let alive_since = now.saturating_sub(OUTLIVES).unwrap_or(Timestamp::MIN);
        let lists: Vec<i64> = sqlx::query_scalar(
            "UPDATE status_blocks SET revoked_at = $1
             WHERE ($2 IS NULL OR client = $2) AND used_until >= $3 AND revoked_at IS NULL RETURNING list",
        )
        .bind(to_micros(now))
        .bind(client.map(ClientId::as_str))
        .bind(to_micros(alive_since))
        .fetch_all(self.connection())
        .await?;
        let names = serde_json::Value::from(lists.as_slice()).to_string();
        sqlx::query(
            "UPDATE status_lists SET revision = revision + 1 WHERE number IN (SELECT value FROM json_each($1))",
        )
        .bind(names)
        .execute(self.connection())
        .await?;
        // Tokens since an earlier revocation may be dated ahead, up to its cut-off.
        let latest = clients::latest_cut_off(self.connection(), client).await?.max(now.as_second());
        let until = Timestamp::from_second(latest).unwrap_or(now);
        clients::cut_off(self.connection(), client, until.as_second() + 1).await?;
        self.touch(Topic::StatusLists).await?;
        self.touch(Topic::Clients).await?;
        Ok(RevokedTokens { until, blocks: lists.len() as u64 })
    }
}

impl Database {
    /// True when a client has got tokens that may be alive, whether it is still registered or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn has_tokens(&self, client: &ClientId) -> Result<bool, StoreError> {
        let alive_since = self.clock().now().saturating_sub(OUTLIVES).unwrap_or(Timestamp::MIN);
        let query =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM status_blocks WHERE client = $1 AND used_until >= $2)");
        let query = query.bind(client.as_str()).bind(to_micros(alive_since));
        Ok(query.fetch_one(self.read().await?.as_mut()).await?)
    }
}
