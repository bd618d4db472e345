//! The table `status_lists`, and the bits that follow from the blocks and tokens that were revoked.

use super::{signed, unsigned};
use crate::changes::touch;
use crate::{Connection, StoreError, Topic, to_micros};
use bridge_issuer::{BlockId, LIST_SIZE, ListRevision, ReservedBlock};
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};

/// How long before its first index is taken a list should have been announced: partners look for new lists once a minute.
const AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// Takes that many indices from the first list that has them, and sees to it that another list is announced behind it.
pub(super) async fn take(connection: &mut Connection, size: u32, now: Timestamp) -> Result<ReservedBlock, StoreError> {
    let (list, first, announced_at) = loop {
        let open: Option<(i64, u32, i64)> = sqlx::query_as(
            "UPDATE status_lists SET next_index = next_index + $1
             WHERE number = (SELECT MIN(number) FROM status_lists WHERE next_index + $1 <= $2)
             RETURNING number, next_index - $1, announced_at",
        )
        .bind(size)
        .bind(LIST_SIZE)
        .fetch_optional(&mut *connection)
        .await?;
        match open {
            Some(open) => break open,
            None => announce(connection, now).await?,
        }
    };
    let (spare, older): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM status_lists WHERE next_index = 0),
                EXISTS (SELECT 1 FROM status_lists WHERE number < $1)",
    )
    .bind(list)
    .fetch_one(&mut *connection)
    .await?;
    if !spare {
        announce(connection, now).await?;
    }
    let known_since = now.saturating_sub(AHEAD).unwrap_or(Timestamp::MIN);
    let early = first == 0 && older && announced_at > to_micros(known_since);
    Ok(ReservedBlock { id: BlockId { list: unsigned(list)?, first }, early })
}

async fn announce(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO status_lists (announced_at) VALUES ($1)")
        .bind(to_micros(now))
        .execute(&mut *connection)
        .await?;
    touch(connection, Topic::StatusLists).await
}

/// Every list, by number.
pub(super) async fn all(connection: &mut Connection) -> Result<Vec<ListRevision>, StoreError> {
    let lists: Vec<(i64, i64)> =
        sqlx::query_as("SELECT number, revision FROM status_lists ORDER BY number").fetch_all(connection).await?;
    lists.into_iter().map(|(number, revision)| Ok(ListRevision { number: unsigned(number)?, revision })).collect()
}

/// The bits of one list; empty when it is gone. Rows are read one by one, because a list may have a million of them.
pub(super) async fn bits(connection: &mut Connection, list: u64) -> Result<Vec<u8>, StoreError> {
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM status_lists WHERE number = $1)")
        .bind(signed(list))
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        return Ok(Vec::new());
    }
    let mut bits = vec![0_u8; LIST_SIZE as usize / 8];
    let mut blocks = sqlx::query_as::<_, (u32, u32)>(
        "SELECT first_index, size FROM status_blocks WHERE list = $1 AND revoked_at IS NOT NULL",
    )
    .bind(signed(list))
    .fetch(&mut *connection);
    while let Some((first, size)) = blocks.try_next().await? {
        (first..first.saturating_add(size)).for_each(|idx| set(&mut bits, idx));
    }
    drop(blocks);
    let mut tokens = sqlx::query_scalar::<_, u32>("SELECT idx FROM revoked_tokens WHERE list = $1")
        .bind(signed(list))
        .fetch(&mut *connection);
    while let Some(idx) = tokens.try_next().await? {
        set(&mut bits, idx);
    }
    drop(tokens);
    Ok(bits)
}

fn set(bits: &mut [u8], idx: u32) {
    if let Some(byte) = bits.get_mut(idx as usize / 8) {
        *byte |= 1 << (idx % 8);
    }
}

/// The lists that no living token can name. A list stays while blocks may still be taken from it: until a later one is
/// in use.
pub(super) async fn retirable(connection: &mut Connection, unused_since: Timestamp) -> Result<Vec<i64>, StoreError> {
    let retirable = sqlx::query_scalar(
        "SELECT number FROM status_lists
         WHERE next_index > 0
           AND EXISTS (SELECT 1 FROM status_lists AS later WHERE later.number > status_lists.number AND later.next_index > 0)
           AND NOT EXISTS (SELECT 1 FROM status_blocks WHERE list = number AND used_until >= $1)",
    )
    .bind(to_micros(unused_since))
    .fetch_all(connection)
    .await?;
    Ok(retirable)
}

/// Forgets these lists with their blocks and bits; gives their number.
pub(super) async fn retire(connection: &mut Connection, unused_since: Timestamp) -> Result<u64, StoreError> {
    let lists = retirable(connection, unused_since).await?;
    for list in &lists {
        sqlx::query("DELETE FROM status_lists WHERE number = $1").bind(list).execute(&mut *connection).await?;
    }
    touch(connection, Topic::StatusLists).await?;
    Ok(lists.len() as u64)
}
