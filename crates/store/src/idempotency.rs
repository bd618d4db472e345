use crate::{Connection, Database, StoreError, WriteTransaction, to_micros};
use aws_lc_rs::digest::{SHA256, digest};
use bridge_types::Invalid;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::str::FromStr;

/// How long the answer to a write is kept for those who repeat it.
pub const IDEMPOTENCY_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The value of an `Idempotency-Key` header: 1 to 128 visible ASCII characters, chosen by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl FromStr for IdempotencyKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new("idempotency key", "1 to 128 visible ASCII characters", text))
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A write that is executed once, however often it is sent. The key counts within one principal and one route: callers
/// cannot see or block each other's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentWrite {
    principal: String,
    route: String,
    key: IdempotencyKey,
    request: [u8; 32],
}

impl IdempotentWrite {
    /// Names a write: who sends it, method and path, its key, and its body exactly as it came.
    pub fn new(principal: impl fmt::Display, route: impl fmt::Display, key: IdempotencyKey, body: &[u8]) -> Self {
        let hash = digest(&SHA256, body);
        let request = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Self { principal: principal.to_string(), route: route.to_string(), key, request }
    }
}

/// The answer to a write, kept beside what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Location`, when something was created.
    pub location: Option<String>,
    /// The JSON body.
    pub body: String,
}

/// What became of a write that may have been sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once {
    /// It was executed now.
    Executed(StoredAnswer),
    /// It had been executed before; this is the answer it got then.
    Replayed(StoredAnswer),
    /// The key stands for another body. Nothing was executed.
    Reused,
}

impl Database {
    /// Executes a write unless it was executed before, in which case its first answer is given again.
    ///
    /// The change that `execute` makes, its messages and the answer are kept in one transaction. When it fails nothing
    /// is kept, and the same key may be tried again. Of two that come at once, one waits for the other.
    ///
    /// Callers can make any number of writes, so they are bounded: no more than 32 wait or are under way.
    ///
    /// # Errors
    /// Those of `execute`, [`StoreError::Busy`] at once when too many writes are waiting, and [`StoreError`] when the
    /// database fails.
    pub async fn once<E: From<StoreError>>(
        &self,
        write: &IdempotentWrite,
        execute: impl AsyncFnOnce(&mut WriteTransaction) -> Result<StoredAnswer, E>,
    ) -> Result<Once, E> {
        let _place = self.admit()?;
        let mut transaction = self.write().await?;
        let now = transaction.now();
        forget_expired(transaction.connection(), now).await?;
        if !claim(transaction.connection(), write, now).await? {
            return Ok(earlier(transaction.connection(), write).await?);
        }
        let answer = execute(&mut transaction).await?;
        keep(transaction.connection(), write, &answer).await?;
        transaction.commit().await?;
        Ok(Once::Executed(answer))
    }
}

/// Forgets the answers that nobody may ask for again. Each write pays for those before it, so no task is needed.
async fn forget_expired(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM idempotent_writes WHERE expires_at <= $1")
        .bind(to_micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes the place of a write. `false` when it is taken.
async fn claim(connection: &mut Connection, write: &IdempotentWrite, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO idempotent_writes (principal, route, key, request, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (principal, route, key) DO NOTHING",
    )
    .bind(&write.principal)
    .bind(&write.route)
    .bind(&write.key.0)
    .bind(write.request.as_slice())
    .bind(to_micros(now.saturating_add(IDEMPOTENCY_LIFETIME).unwrap_or(Timestamp::MAX)))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn earlier(connection: &mut Connection, write: &IdempotentWrite) -> Result<Once, StoreError> {
    let (request, status, location, body): (Vec<u8>, u16, Option<String>, String) = sqlx::query_as(
        "SELECT request, status, location, body FROM idempotent_writes
         WHERE principal = $1 AND route = $2 AND key = $3",
    )
    .bind(&write.principal)
    .bind(&write.route)
    .bind(&write.key.0)
    .fetch_one(connection)
    .await?;
    if request != write.request {
        return Ok(Once::Reused);
    }
    Ok(Once::Replayed(StoredAnswer { status, location, body }))
}

async fn keep(connection: &mut Connection, write: &IdempotentWrite, answer: &StoredAnswer) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE idempotent_writes SET status = $4, location = $5, body = $6
         WHERE principal = $1 AND route = $2 AND key = $3",
    )
    .bind(&write.principal)
    .bind(&write.route)
    .bind(&write.key.0)
    .bind(answer.status)
    .bind(&answer.location)
    .bind(&answer.body)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::IdempotencyKey;

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        for text in ["", " ", "a b", "a\n", "ä", &"k".repeat(129)] {
            assert!(text.parse::<IdempotencyKey>().is_err(), "accepted {text:?}");
        }
        assert!("k".repeat(128).parse::<IdempotencyKey>().is_ok());
    }
}
