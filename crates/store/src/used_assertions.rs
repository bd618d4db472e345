//! The table `used_assertions`: the ids that a client may not present again (RFC 7523 §3, item 7).

use crate::{Connection, StoreError, to_micros};
use bridge_issuer::{Claims, Revisions, UsedAssertion};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashSet;

/// Claims a batch in one statement, which is one durable write; tells which ids were new, in the order of the batch, and
/// the revisions that hold at that moment.
pub(crate) async fn claim(connection: &mut Connection, batch: &[UsedAssertion]) -> Result<Claims, StoreError> {
    let rows: Vec<_> = batch
        .iter()
        .map(|used| json!([used.client.as_str(), used.id.as_str(), to_micros(used.remember_until)]))
        .collect();
    let claimed: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "INSERT INTO used_assertions (client, id, remember_until)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1) WHERE true
         ON CONFLICT (client, id) DO NOTHING
         RETURNING client, id,
             coalesce((SELECT revision FROM revisions WHERE topic = 'keys'), 0),
             coalesce((SELECT revision FROM revisions WHERE topic = 'clients'), 0)",
    )
    .bind(serde_json::Value::from(rows).to_string())
    .fetch_all(connection)
    .await?;
    let revisions = claimed.first().map(|(_, _, keys, clients)| Revisions { keys: *keys, clients: *clients });
    let mut claimed: HashSet<(&str, &str)> = claimed.iter().map(|(client, id, ..)| (&**client, &**id)).collect();
    let new = batch.iter().map(|used| claimed.remove(&(used.client.as_str(), used.id.as_str()))).collect();
    Ok(Claims { new, revisions: revisions.unwrap_or_default() })
}

/// Forgets what expired before a moment; gives the number of ids forgotten.
pub(crate) async fn purge(connection: &mut Connection, before: Timestamp) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM used_assertions WHERE remember_until < $1")
        .bind(to_micros(before))
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
