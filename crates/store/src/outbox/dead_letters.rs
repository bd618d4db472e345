use super::MessageId;
use crate::{Database, StoreError, from_micros, to_micros};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// A message that its receiver refuses: somebody has to look. Those about the same thing wait behind it, so that
/// nothing overtakes what was lost sight of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its name.
    pub id: MessageId,
    /// What was to be done with it.
    pub topic: String,
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
}

/// How much stands in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that are to be delivered, those behind a dead letter included.
    pub waiting: u64,
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
            "SELECT id, topic, aggregate, last_failure, attempts, created_at, dead_at FROM outbox
             WHERE dead_at IS NOT NULL ORDER BY sequence LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.read().await?.as_mut())
        .await?;
        rows.iter().map(dead_letter).collect()
    }

    /// Tries a dead letter again, from the beginning; `false` when there is none of that name.
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

    /// How much stands in the outbox.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let (waiting, dead, oldest): (i64, i64, Option<i64>) = sqlx::query_as(
            "SELECT COUNT(*) FILTER (WHERE dead_at IS NULL), COUNT(*) FILTER (WHERE dead_at IS NOT NULL),
                    MIN(created_at) FILTER (WHERE dead_at IS NULL) FROM outbox",
        )
        .fetch_one(self.read().await?.as_mut())
        .await?;
        let oldest = oldest.map(from_micros).transpose()?;
        Ok(Backlog { waiting: waiting.unsigned_abs(), dead: dead.unsigned_abs(), oldest })
    }
}

fn dead_letter(row: &SqliteRow) -> Result<DeadLetter, StoreError> {
    let id: &str = row.try_get("id")?;
    Ok(DeadLetter {
        id: id.parse().map_err(|error| StoreError::unreadable("message", error))?,
        topic: row.try_get("topic")?,
        aggregate: row.try_get("aggregate")?,
        failure: row.try_get("last_failure")?,
        attempts: row.try_get("attempts")?,
        created_at: from_micros(row.try_get("created_at")?)?,
        dead_at: from_micros(row.try_get("dead_at")?)?,
    })
}
