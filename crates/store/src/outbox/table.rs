//! The table `outbox`, as the dispatcher uses it. A row that is there has not been delivered for certain.

use super::{Message, MessageId};
use crate::{Connection, StoreError, from_micros, to_micros};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Everybody for whom there is a message to be delivered, in no particular order. However many messages wait, each
/// recipient costs one look into the index.
pub(super) async fn recipients(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    let recipients = sqlx::query_scalar(
        "WITH RECURSIVE recipients (name) AS (
             SELECT MIN(recipient) FROM outbox WHERE dead_at IS NULL
             UNION ALL
             SELECT (SELECT MIN(recipient) FROM outbox WHERE dead_at IS NULL AND recipient > name)
             FROM recipients WHERE name IS NOT NULL
         )
         SELECT name FROM recipients WHERE name IS NOT NULL",
    )
    .fetch_all(connection)
    .await?;
    Ok(recipients)
}

/// The oldest message of each aggregate for one recipient, if it is due and not under way, in the order of writing. A
/// dead one holds back those after it.
///
/// A moment further ahead than the longest pause was written by a clock that has since been set back: it counts as due.
pub(super) async fn due(
    connection: &mut Connection,
    recipient: &str,
    (now, furthest): (Timestamp, Timestamp),
    under_way: impl Iterator<Item = MessageId>,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let under_way: Vec<_> = under_way.map(|id| id.to_string()).collect();
    let rows = sqlx::query(
        "SELECT id, topic, recipient, aggregate, payload, trace_parent, attempts, created_at FROM outbox
         WHERE dead_at IS NULL AND recipient = $1 AND (next_attempt_at <= $2 OR next_attempt_at > $3)
           AND id NOT IN (SELECT value FROM json_each($4))
           AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
                           WHERE earlier.aggregate = outbox.aggregate AND earlier.sequence < outbox.sequence)
         ORDER BY sequence LIMIT $5",
    )
    .bind(recipient)
    .bind(to_micros(now))
    .bind(to_micros(furthest))
    .bind(serde_json::Value::from(under_way).to_string())
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    rows.iter().map(message).collect()
}

/// When the next message becomes due that is not due now.
pub(super) async fn next_due(connection: &mut Connection, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> =
        sqlx::query_scalar("SELECT MIN(next_attempt_at) FROM outbox WHERE dead_at IS NULL AND next_attempt_at > $1")
            .bind(to_micros(now))
            .fetch_one(connection)
            .await?;
    next.map(from_micros).transpose()
}

/// Forgets a message that was delivered.
pub(super) async fn delivered(connection: &mut Connection, id: MessageId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM outbox WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}

/// Puts a message back that could not be delivered now.
pub(super) async fn put_back(
    connection: &mut Connection,
    id: MessageId,
    failure: &str,
    next_attempt_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET attempts = attempts + 1, refusals = 0, next_attempt_at = $2, last_failure = $3
         WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(to_micros(next_attempt_at))
    .bind(failure)
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a message back that was refused, or makes it a dead letter when it was refused `limit` times in a row; tells
/// which.
pub(super) async fn refused(
    connection: &mut Connection,
    id: MessageId,
    failure: &str,
    (now, next_attempt_at): (Timestamp, Timestamp),
    limit: u32,
) -> Result<bool, StoreError> {
    let dead: Option<bool> = sqlx::query_scalar(
        "UPDATE outbox SET attempts = attempts + 1, refusals = refusals + 1, next_attempt_at = $2, last_failure = $3,
                           dead_at = CASE WHEN refusals + 1 >= $4 THEN $5 END
         WHERE id = $1 RETURNING dead_at IS NOT NULL",
    )
    .bind(id.to_string())
    .bind(to_micros(next_attempt_at))
    .bind(failure)
    .bind(limit)
    .bind(to_micros(now))
    .fetch_optional(connection)
    .await?;
    Ok(dead.unwrap_or(false))
}

fn message(row: &SqliteRow) -> Result<Message, StoreError> {
    let (id, trace): (&str, &str) = (row.try_get("id")?, row.try_get("trace_parent")?);
    Ok(Message {
        id: id.parse().map_err(|error| StoreError::unreadable("message", error))?,
        topic: row.try_get("topic")?,
        recipient: row.try_get("recipient")?,
        aggregate: row.try_get("aggregate")?,
        payload: row.try_get("payload")?,
        trace: trace.parse().map_err(|error| StoreError::unreadable("message", error))?,
        attempts: row.try_get("attempts")?,
        created_at: from_micros(row.try_get("created_at")?)?,
    })
}
