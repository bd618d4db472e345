//! The status of tokens in a database that several processes share.

use crate::Place;
use bridge_issuer::{BlockId, BlockWanted, LIST_SIZE, ReservedBlock, RevocationOutcome, StatusStore, TokenToRevoke};
use bridge_jose::StatusReference;
use bridge_store::{Database, RevokedTokens};
use bridge_types::{ClientId, Clock};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

const LEASE: SignedDuration = SignedDuration::from_mins(15);

fn id(client: &str) -> ClientId {
    client.parse().unwrap()
}

async fn reserve(database: &Database, client: &str, size: u32) -> Option<ReservedBlock> {
    let wanted = BlockWanted { client: id(client), size };
    let used_until = database.clock().now() + LEASE;
    database.reserve_blocks(&[wanted], used_until).await.unwrap()[0]
}

async fn block(database: &Database, client: &str, size: u32) -> BlockId {
    reserve(database, client, size).await.unwrap().id
}

fn token(list: u64, idx: u64) -> TokenToRevoke {
    let uri = format!("https://issuer.example/status-lists/{list}").parse().unwrap();
    TokenToRevoke {
        id: "t".parse().unwrap(),
        client: id("shop"),
        audience: "https://api.example".parse().unwrap(),
        list,
        reference: StatusReference { idx, uri },
    }
}

async fn revoke(database: &Database, list: u64, idx: u64) -> RevocationOutcome {
    let mut write = database.write().await.unwrap();
    let outcome = write.revoke_token(&token(list, idx)).await.unwrap();
    write.commit().await.unwrap();
    outcome
}

async fn revoke_client(database: &Database, client: Option<&str>) -> RevokedTokens {
    let mut write = database.write().await.unwrap();
    let revoked = match client {
        Some(client) => write.revoke_tokens_of(&id(client)).await.unwrap(),
        None => write.revoke_all_tokens().await.unwrap(),
    };
    write.commit().await.unwrap();
    revoked
}

/// The indices of a list that are set.
async fn set(database: &Database, list: u64) -> BTreeSet<u64> {
    let bits = database.status_bits(list).await.unwrap();
    let is_set = |idx: &u64| bits[usize::try_from(idx / 8).unwrap()] >> (idx % 8) & 1 == 1;
    (0..bits.len() as u64 * 8).filter(is_set).collect()
}

fn range(block: BlockId, size: u32) -> impl Iterator<Item = u64> {
    (block.first..block.first + size).map(u64::from)
}

async fn numbers(database: &Database) -> Vec<u64> {
    database.status_lists().await.unwrap().iter().map(|list| list.number).collect()
}

#[tokio::test]
async fn no_index_is_reserved_twice_not_by_another_process_nor_after_a_restart() {
    let place = Place::new();
    let (one, other) = (place.open().await, place.open().await);
    let mut taken = BTreeSet::new();
    for round in 0..20 {
        for database in [&one, &other] {
            let id = block(database, "shop", 1024).await;
            assert!(taken.insert((id.list, id.first)), "round {round}: {id:?} twice");
            assert_eq!(id.first % 1024, 0);
        }
    }
    one.close().await;
    other.close().await;
    let id = block(&place.open().await, "shop", 1024).await;
    assert!(taken.insert((id.list, id.first)));
}

#[tokio::test]
async fn the_next_list_is_announced_while_the_one_before_it_is_used() {
    let place = Place::new();
    let database = place.open().await;
    let first = reserve(&database, "shop", 1024).await.unwrap();
    assert!(!first.early, "there was nobody to tell of the first list");
    assert_eq!(numbers(&database).await, [1, 2]);
    place.clock.advance(Duration::from_mins(2));
    for _ in 0..15 {
        block(&database, "shop", LIST_SIZE / 16).await;
    }
    assert_eq!(numbers(&database).await, [1, 2]);
    // What is left is too small for a large block, and still good for a small one.
    let second = reserve(&database, "shop", LIST_SIZE / 16).await.unwrap();
    assert_eq!((second.id, second.early), (BlockId { list: 2, first: 0 }, false));
    assert_eq!(block(&database, "shop", 1024).await.list, 1);
    assert_eq!(numbers(&database).await, [1, 2, 3]);
    for _ in 0..15 {
        block(&database, "shop", LIST_SIZE / 16).await;
    }
    let third = reserve(&database, "shop", LIST_SIZE / 16).await.unwrap();
    assert_eq!((third.id, third.early), (BlockId { list: 3, first: 0 }, true), "announced a moment ago");
    assert!(!reserve(&database, "shop", LIST_SIZE / 16).await.unwrap().early, "said once");
}

#[tokio::test]
async fn one_token_is_one_bit_for_good() {
    let place = Place::new();
    let database = place.open().await;
    block(&database, "shop", 1024).await;
    let before = database.status_lists().await.unwrap();
    assert_eq!(revoke(&database, 1, 7).await, RevocationOutcome::Revoked);
    assert_eq!(revoke(&database, 1, 1023).await, RevocationOutcome::Revoked);
    let after = database.status_lists().await.unwrap();
    assert!(after[0].revision > before[0].revision && after[1] == before[1]);
    assert_eq!(revoke(&database, 1, 7).await, RevocationOutcome::AlreadyRevoked);
    assert_eq!(database.status_lists().await.unwrap(), after, "nothing new to encode");
    assert_eq!(revoke(&database, 9, 7).await, RevocationOutcome::ListGone);
    database.close().await;
    let database = place.open().await;
    assert_eq!(set(&database, 1).await, BTreeSet::from([7, 1023]));
    assert!(set(&database, 2).await.is_empty());
    assert!(database.status_bits(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_revocation_that_is_not_kept_changes_nothing() {
    let place = Place::new();
    let database = place.open().await;
    block(&database, "shop", 1024).await;
    let before = database.status_lists().await.unwrap();
    let mut write = database.write().await.unwrap();
    write.revoke_token(&token(1, 7)).await.unwrap();
    write.revoke_all_tokens().await.unwrap();
    write.disable_client(&id("shop"), "").await.unwrap();
    drop(write);
    assert!(set(&database, 1).await.is_empty());
    assert_eq!(database.status_lists().await.unwrap(), before);
    assert_eq!(database.standing(&[]).await.unwrap().limits, bridge_issuer::ClientLimits::default());
}

#[tokio::test]
async fn all_tokens_of_a_client_are_all_its_blocks_and_nobody_elses() {
    let place = Place::new();
    let database = place.open().await;
    let (mine, other, spare) = (
        block(&database, "shop", 1024).await,
        block(&database, "depot", 1024).await,
        block(&database, "shop", 4096).await,
    );
    place.clock.advance(Duration::from_millis(700));
    let revoked = revoke_client(&database, Some("shop")).await;
    let second = place.clock.now().as_second();
    assert_eq!((revoked.until.as_second(), revoked.blocks), (second, 2));
    let marked: BTreeSet<u64> = range(mine, 1024).chain(range(spare, 4096)).collect();
    assert_eq!(set(&database, 1).await, marked);
    let standing = database.standing(&[mine, other, spare]).await.unwrap();
    assert_eq!(standing.revoked.iter().map(|id| id.first).collect::<BTreeSet<_>>(), [mine.first, spare.first].into());
    assert_eq!(standing.limits.not_before.get("shop"), Some(&(second + 1)));
    assert_eq!(standing.limits.not_before_for_all, None);
    // What comes after is not touched, and a token of a marked block needs no bit of its own.
    let next = block(&database, "shop", 1024).await;
    assert!(database.standing(&[next]).await.unwrap().revoked.is_empty());
    assert_eq!(revoke(&database, 1, u64::from(mine.first)).await, RevocationOutcome::AlreadyRevoked);
    assert_eq!(set(&database, 1).await, marked);
}

/// The next token after a revocation is dated ahead, so that the revocation does not cover it; one that follows within the
/// same second has to cover that one too.
#[tokio::test]
async fn a_revocation_right_after_another_covers_the_tokens_between_them() {
    for (first, second) in [(Some("shop"), Some("shop")), (None, Some("shop")), (Some("shop"), None), (None, None)] {
        let place = Place::new();
        let database = place.open().await;
        block(&database, "shop", 1024).await;
        let until = revoke_client(&database, first).await.until.as_second();
        let again = revoke_client(&database, second).await.until.as_second();
        assert_eq!(again, until + 1, "{first:?}, {second:?}");
        let limits = database.standing(&[]).await.unwrap().limits;
        let not_before = limits.not_before.get("shop").copied().max(limits.not_before_for_all);
        assert_eq!(not_before, Some(again + 1), "{first:?}, {second:?}");
        assert_eq!(
            revoke_client(&database, Some("depot")).await.until.as_second() > until,
            first.is_none() || second.is_none()
        );
    }
}

#[tokio::test]
async fn everything_is_every_block_that_may_hold_a_living_token() {
    let place = Place::new();
    let database = place.open().await;
    let dead = block(&database, "old", 1024).await;
    place.clock.advance(Duration::from_mins(15 + 15) + Duration::from_secs(61));
    let alive = [block(&database, "shop", 1024).await, block(&database, "depot", 1024).await];
    let revoked = revoke_client(&database, None).await;
    assert_eq!(revoked.blocks, 2);
    assert_eq!(set(&database, 1).await, alive.into_iter().flat_map(|id| range(id, 1024)).collect());
    let limits = database.standing(&[dead]).await.unwrap().limits;
    assert_eq!(limits.not_before_for_all, Some(place.clock.now().as_second() + 1));
}

#[tokio::test]
async fn a_block_that_is_still_used_counts_as_alive() {
    let place = Place::new();
    let database = place.open().await;
    let held = block(&database, "shop", 1024).await;
    place.clock.advance(Duration::from_mins(14));
    database.hold_blocks(&[held], database.clock().now() + LEASE).await.unwrap();
    place.clock.advance(Duration::from_mins(29));
    assert_eq!(revoke_client(&database, Some("shop")).await.blocks, 1);
}

#[tokio::test]
async fn a_disabled_client_gets_no_block_in_any_process() {
    let place = Place::new();
    let (database, replica) = (place.open().await, place.open().await);
    let mut write = database.write().await.unwrap();
    assert!(write.disable_client(&id("shop"), "laptop lost").await.unwrap());
    assert!(!write.disable_client(&id("shop"), "again").await.unwrap());
    write.commit().await.unwrap();
    assert_eq!(reserve(&replica, "shop", 1024).await, None);
    assert!(reserve(&replica, "depot", 1024).await.is_some());
    let disabled = replica.disabled_clients().await.unwrap();
    assert_eq!((disabled[0].client.as_str(), &*disabled[0].reason, disabled.len()), ("shop", "laptop lost", 1));
    assert!(replica.standing(&[]).await.unwrap().limits.disabled.contains("shop"));
    let mut write = replica.write().await.unwrap();
    assert!(write.enable_client(&id("shop")).await.unwrap());
    assert!(!write.enable_client(&id("shop")).await.unwrap());
    write.commit().await.unwrap();
    assert!(reserve(&database, "shop", 1024).await.is_some());
}

#[tokio::test]
async fn a_list_goes_when_no_token_that_names_it_can_be_alive() {
    let place = Place::new();
    let database = place.open().await;
    for _ in 0..16 {
        block(&database, "shop", LIST_SIZE / 16).await;
    }
    let held = block(&database, "shop", 1024).await;
    revoke(&database, 1, 7).await;
    revoke_client(&database, None).await;
    let retire = async || {
        let unused_since: Timestamp = database.clock().now() - SignedDuration::from_mins(16);
        database.retire_status_lists(unused_since).await.unwrap()
    };
    place.clock.advance(Duration::from_mins(31));
    assert_eq!(retire().await, 0, "the last token of the last block is just dead");
    database.hold_blocks(&[held], database.clock().now() + LEASE).await.unwrap();
    place.clock.advance(Duration::from_secs(1));
    assert_eq!(retire().await, 1);
    assert_eq!(numbers(&database).await, [2, 3]);
    assert_eq!(revoke(&database, 1, 7).await, RevocationOutcome::ListGone);
    let limits = database.standing(&[]).await.unwrap().limits;
    assert_eq!(limits.not_before_for_all, None, "a cut-off before every living token is forgotten");
    // The list in use and the one behind it stay, however long nobody asks for a token.
    place.clock.advance(Duration::from_hours(100));
    assert_eq!(retire().await, 0);
    assert_eq!(numbers(&database).await, [2, 3]);
}

#[tokio::test]
async fn another_process_hears_of_a_revocation_and_of_a_disabled_client() {
    let place = Place::new();
    let (database, replica) = (place.open().await, place.open().await);
    block(&database, "shop", 1024).await;
    let (mut lists, mut clients) = (replica.list_changes(), replica.client_changes());
    let heard = async |changes: &mut tokio::sync::watch::Receiver<i64>, least: i64| {
        let waited =
            tokio::time::timeout(Duration::from_secs(5), changes.wait_for(|revision| *revision >= least)).await;
        assert!(waited.is_ok(), "not heard: {least}");
    };
    heard(&mut lists, 1).await;
    let before = *lists.borrow();
    revoke(&database, 1, 7).await;
    heard(&mut lists, before + 1).await;
    revoke_client(&database, Some("shop")).await;
    heard(&mut clients, 1).await;
}
