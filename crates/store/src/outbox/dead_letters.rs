use super::MessageId;
use crate::{Database, StoreError, from_micros, to_micros};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// A message that its receiver refuses: somebody has to look. Those about the same thing wait behind it, so that
/// nothing overtakes what was lost sight of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its name.
    pub id: MessageId,
    /// What was to be done with it.
    pub topic: String,
    /// Who it is for: the issuer identifier of a partner.
    pub recipient: String,
    /// What it is about.
    pub aggregate: String,
    /// What the receiver said last.
    pub failure: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was given up.
    pub dead_at: Timestamp,
    /// How many messages about the same thing wait behind it, until it is revived or dropped.
    pub blocked: u64,
}

/// How much stands in the outbox for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backlog {
    /// The issuer identifier of the partner.
    pub recipient: String,
    /// Messages that are to be delivered, those behind a dead letter included.
    pub waiting: u64,
    /// Those of them that wait behind a dead letter, and are not tried before it is revived or dropped.
    pub blocked: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest waiting message was written.
    pub oldest: Option<Timestamp>,
}

impl Database {
    /// The dead letters, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, topic, recipient, aggregate, last_failure, attempts, created_at, dead_at,
                    (SELECT COUNT(*) FROM outbox AS later
                     WHERE later.aggregate = outbox.aggregate AND later.sequence > outbox.sequence) AS blocked
             FROM outbox WHERE dead_at IS NOT NULL ORDER BY sequence LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.read().await?.as_mut())
        .await?;
        rows.iter().map(dead_letter).collect()
    }

    /// Tries a dead letter again, from the beginning; `false` when there is none of that name. Done by another process
    /// than the dispatcher's, it is noticed within the longest pause.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn revive_dead_letter(&self, id: MessageId) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let now = to_micros(transaction.now());
        let done = sqlx::query(
            "UPDATE outbox SET dead_at = NULL, refusals = 0, attempts = 0, next_attempt_at = $2
             WHERE id = $1 AND dead_at IS NOT NULL",
        )
        .bind(id.to_string())
        .bind(now)
        .execute(transaction.connection())
        .await?;
        transaction.mark_outbox_changed();
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets a dead letter for good, so that those behind it are delivered; `false` when there is none of that name.
    /// What it told is never delivered: whoever drops it has told the recipient otherwise.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn drop_dead_letter(&self, id: MessageId) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let done = sqlx::query("DELETE FROM outbox WHERE id = $1 AND dead_at IS NOT NULL")
            .bind(id.to_string())
            .execute(transaction.connection())
            .await?;
        transaction.mark_outbox_changed();
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// How much stands in the outbox for each recipient, by name. Those for whom there is nothing are not there.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        let rows = sqlx::query(
            "SELECT recipient, COUNT(*) FILTER (WHERE dead_at IS NULL) AS waiting,
                    COUNT(*) FILTER (WHERE dead_at IS NULL AND aggregate IN
                        (SELECT dead.aggregate FROM outbox AS dead WHERE dead.dead_at IS NOT NULL)) AS blocked,
                    COUNT(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
                    MIN(created_at) FILTER (WHERE dead_at IS NULL) AS oldest
             FROM outbox GROUP BY recipient ORDER BY recipient",
        )
        .fetch_all(self.read().await?.as_mut())
        .await?;
        rows.iter().map(backlog).collect()
    }
}

fn backlog(row: &SqliteRow) -> Result<Backlog, StoreError> {
    let count = |column| Ok::<_, StoreError>(row.try_get::<i64, _>(column)?.unsigned_abs());
    Ok(Backlog {
        recipient: row.try_get("recipient")?,
        waiting: count("waiting")?,
        blocked: count("blocked")?,
        dead: count("dead")?,
        oldest: row.try_get::<Option<i64>, _>("oldest")?.map(from_micros).transpose()?,
    })
}

fn dead_letter(row: &SqliteRow) -> Result<DeadLetter, StoreError> {
    let id: &str = row.try_get("id")?;
    Ok(DeadLetter {
        id: id.parse().map_err(|error| StoreError::unreadable("message", error))?,
        topic: row.try_get("topic")?,
        recipient: row.try_get("recipient")?,
        aggregate: row.try_get("aggregate")?,
        failure: row.try_get("last_failure")?,
        attempts: row.try_get("attempts")?,
        created_at: from_micros(row.try_get("created_at")?)?,
        dead_at: from_micros(row.try_get("dead_at")?)?,
        blocked: row.try_get::<i64, _>("blocked")?.unsigned_abs(),
    })
}
