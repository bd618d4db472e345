use crate::{Place, notes};
use bridge_store::{Database, IdempotentWrite, Once, Receipt, StoreError, StoredAnswer, WriteTransaction};
use std::time::Duration;

fn write(principal: &str, route: &str, key: &str, body: &str) -> IdempotentWrite {
    IdempotentWrite::new(principal, route, key.parse().unwrap(), body.as_bytes())
}

async fn note(transaction: &mut WriteTransaction, text: &str) -> Result<StoredAnswer, StoreError> {
    sqlx::query("INSERT INTO notes VALUES ($1)").bind(text).execute(transaction.connection()).await?;
    Ok(StoredAnswer { status: 201, location: Some("/notes/1".into()), body: format!("{{\"note\":\"{text}\"}}") })
}

async fn once(database: &Database, write: &IdempotentWrite, text: &str) -> Once {
    database.once(write, async |transaction| note(transaction, text).await).await.unwrap()
}

#[tokio::test]
async fn the_same_write_is_executed_once_and_answered_the_same_after_a_restart() {
    let place = Place::new();
    let database = place.open().await;
    let same = write("p", "POST /notes", "k", "{}");
    let Once::Executed(first) = once(&database, &same, "one").await else { panic!("not executed") };
    drop(database);
    let database = place.open().await;
    assert_eq!(once(&database, &same, "two").await, Once::Replayed(first));
    assert_eq!(notes(&database).await, ["one"]);
}

#[tokio::test]
async fn a_key_counts_within_one_principal_and_one_route() {
    let place = Place::new();
    let database = place.open().await;
    let cases = [("p", "POST /notes"), ("q", "POST /notes"), ("p", "POST /notes/1/lines")];
    for (principal, route) in cases {
        let outcome = once(&database, &write(principal, route, "k", "{}"), route).await;
        assert!(matches!(outcome, Once::Executed(_)), "{principal} {route}");
    }
}

#[tokio::test]
async fn the_same_key_with_another_body_executes_nothing() {
    let place = Place::new();
    let database = place.open().await;
    once(&database, &write("p", "r", "k", "{\"a\":1}"), "one").await;
    assert_eq!(once(&database, &write("p", "r", "k", "{\"a\":2}"), "two").await, Once::Reused);
    assert_eq!(notes(&database).await, ["one"]);
}

#[tokio::test]
async fn a_failed_write_keeps_nothing_and_may_be_tried_again() {
    let place = Place::new();
    let database = place.open().await;
    let same = write("p", "r", "k", "{}");
    let failed = database.once(&same, async |transaction| {
        note(transaction, "half").await?;
        Err::<StoredAnswer, _>(StoreError::unreadable("test", "fails on purpose"))
    });
    failed.await.unwrap_err();
    assert!(matches!(once(&database, &same, "whole").await, Once::Executed(_)));
    assert_eq!(notes(&database).await, ["whole"]);
}

#[tokio::test]
async fn of_many_duplicates_at_once_one_is_executed() {
    let place = Place::new();
    let database = place.open().await;
    let same = write("p", "r", "k", "{}");
    let outcomes = futures_util::future::join_all((0..16).map(|_| once(&database, &same, "one"))).await;
    let executed = outcomes.iter().filter(|outcome| matches!(outcome, Once::Executed(_))).count();
    let replayed = outcomes.iter().filter(|outcome| matches!(outcome, Once::Replayed(_))).count();
    assert_eq!((executed, replayed), (1, 15));
    assert_eq!(notes(&database).await, ["one"]);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_and_no_longer() {
    let place = Place::new();
    let database = place.open().await;
    let same = write("p", "r", "k", "{}");
    once(&database, &same, "one").await;
    once(&database, &write("p", "r", "other", "{}"), "other").await;
    place.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    assert!(matches!(once(&database, &same, "two").await, Once::Replayed(_)));
    place.clock.advance(Duration::from_secs(1));
    assert!(matches!(once(&database, &same, "three").await, Once::Executed(_)));
    let mut connection = database.read().await.unwrap();
    let kept: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM idempotent_writes").fetch_one(&mut *connection).await.unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_message_is_received_once_for_each_source() {
    let place = Place::new();
    let database = place.open().await;
    let mut receipts = Vec::new();
    for source in ["company-a", "company-b", "company-a"] {
        let mut transaction = database.write().await.unwrap();
        receipts.push(transaction.receive(source, "event-1").await.unwrap());
        transaction.commit().await.unwrap();
    }
    assert_eq!(receipts, [Receipt::First, Receipt::First, Receipt::Repeated]);
}
