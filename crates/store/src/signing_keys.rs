//! The table `signing_keys`: keys of the issuer and of the company's own clients, told apart by their purpose.

use crate::{Connection, StoreError, from_micros, to_micros};
use bridge_issuer::{KeyPurpose, StoredKey};
use bridge_types::{KeyId, Secret};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// The keys of one purpose, oldest first.
pub(crate) async fn of_purpose(
    connection: &mut Connection,
    purpose: &KeyPurpose,
) -> Result<Vec<StoredKey>, StoreError> {
    let (kind, client) = columns(purpose);
    let rows = sqlx::query(
        "SELECT kid, algorithm, created_at, private FROM signing_keys
         WHERE purpose = $1 AND client = $2 ORDER BY created_at, kid",
    )
    .bind(kind)
    .bind(client)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| stored_key(row, purpose)).collect()
}

/// Keeps a key unless its purpose has one; tells whether it was kept.
pub(crate) async fn insert_first(connection: &mut Connection, key: &StoredKey) -> Result<bool, StoreError> {
    let (kind, client) = columns(&key.purpose);
    let done = sqlx::query(
        "INSERT INTO signing_keys (kid, purpose, client, algorithm, created_at, private)
         SELECT $1, $2, $3, $4, $5, $6
         WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE purpose = $2 AND client = $3)",
    )
    .bind(key.kid.as_str())
    .bind(kind)
    .bind(client)
    .bind(key.algorithm.as_str())
    .bind(to_micros(key.created_at))
    .bind(key.private.expose().as_slice())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a key; SQLite overwrites its bytes (`secure_delete`).
pub(crate) async fn delete(connection: &mut Connection, kid: &KeyId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM signing_keys WHERE kid = $1").bind(kid.as_str()).execute(connection).await?;
    Ok(())
}

fn columns(purpose: &KeyPurpose) -> (&'static str, &str) {
    match purpose {
        KeyPurpose::AccessTokens => ("access_tokens", ""),
        KeyPurpose::Client(client) => ("client", client.as_str()),
    }
}

fn stored_key(row: &SqliteRow, purpose: &KeyPurpose) -> Result<StoredKey, StoreError> {
    let unreadable = |detail: String| StoreError::unreadable("signing key", detail);
    Ok(StoredKey {
        private: Secret::new(row.try_get("private")?),
        kid: row.try_get::<&str, _>("kid")?.parse().map_err(|error| unreadable(format!("{error}")))?,
        algorithm: row.try_get::<&str, _>("algorithm")?.parse().map_err(|error| unreadable(format!("{error}")))?,
        purpose: purpose.clone(),
        created_at: from_micros(row.try_get("created_at")?)?,
    })
}
