//! The table `status_blocks`: which indices belong to whose tokens.

use super::{lists, signed, unsigned};
use crate::{Connection, StoreError, to_micros};
use bridge_issuer::{BlockId, BlockWanted, ReservedBlock};
use jiff::Timestamp;
use serde_json::json;

/// Takes the next indices for a client, unless it is disabled.
pub(super) async fn reserve(
    connection: &mut Connection,
    wanted: &BlockWanted,
    used_until: Timestamp,
    now: Timestamp,
) -> Result<Option<ReservedBlock>, StoreError> {
    let disabled: Option<i64> = sqlx::query_scalar("SELECT disabled_at FROM disabled_clients WHERE client = $1")
        .bind(wanted.client.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if disabled.is_some() {
        return Ok(None);
    }
    let block = lists::take(connection, wanted.size, now).await?;
    sqlx::query("INSERT INTO status_blocks (list, first_index, size, client, used_until) VALUES ($1, $2, $3, $4, $5)")
        .bind(signed(block.id.list))
        .bind(block.id.first)
        .bind(wanted.size)
        .bind(wanted.client.as_str())
        .bind(to_micros(used_until))
        .execute(connection)
        .await?;
    Ok(Some(block))
}

/// Lets blocks be used for longer.
pub(super) async fn hold(
    connection: &mut Connection,
    held: &[BlockId],
    used_until: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE status_blocks SET used_until = $1
         WHERE (list, first_index) IN (SELECT value ->> 0, value ->> 1 FROM json_each($2)) AND used_until < $1",
    )
    .bind(to_micros(used_until))
    .bind(names(held))
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these blocks were revoked.
pub(super) async fn revoked_among(connection: &mut Connection, held: &[BlockId]) -> Result<Vec<BlockId>, StoreError> {
    let revoked: Vec<(i64, u32)> = sqlx::query_as(
        "SELECT list, first_index FROM status_blocks
         WHERE (list, first_index) IN (SELECT value ->> 0, value ->> 1 FROM json_each($1)) AND revoked_at IS NOT NULL",
    )
    .bind(names(held))
    .fetch_all(connection)
    .await?;
    revoked.into_iter().map(|(list, first)| Ok(BlockId { list: unsigned(list)?, first })).collect()
}

fn names(blocks: &[BlockId]) -> String {
    let pairs: Vec<_> = blocks.iter().map(|block| json!([block.list, block.first])).collect();
    serde_json::Value::from(pairs).to_string()
}
