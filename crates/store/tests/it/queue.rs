//! What a flood of writes at the API does to others: nothing.

use crate::{Place, notes};
use bridge_issuer::{IssuerStore, UsedAssertion};
use bridge_store::{Database, IdempotentWrite, Once, StoreError, StoredAnswer};
use bridge_types::Clock;
use std::time::Duration;
use tokio::task::JoinSet;

/// One write of a caller, which leaves a note.
async fn write(database: &Database, number: usize) -> Result<Once, StoreError> {
    let key = format!("k{number}").parse().unwrap();
    let write = IdempotentWrite::new("p", "r", key, b"{}");
    let note = async |transaction: &mut bridge_store::WriteTransaction| {
        sqlx::query("INSERT INTO notes VALUES ('business')").execute(transaction.connection()).await?;
        Ok(StoredAnswer { status: 201, location: None, body: String::new() })
    };
    database.once(&write, note).await
}

fn flood(database: &Database, writes: usize) -> JoinSet<Result<Once, StoreError>> {
    let mut tasks = JoinSet::new();
    for number in 0..writes {
        let database = database.clone();
        tasks.spawn(async move { write(&database, number).await });
    }
    tasks
}

#[tokio::test]
async fn of_a_flood_of_writes_a_bounded_number_waits_and_the_others_are_turned_away_at_once() {
    let place = Place::new();
    let database = place.open().await;
    let blocker = database.write().await.unwrap();
    let mut tasks = flood(&database, 200);
    let turned_away = async {
        for _ in 0..168 {
            let answer = tasks.join_next().await.unwrap().unwrap();
            assert!(matches!(answer, Err(StoreError::Busy)), "{answer:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(5), turned_away).await.expect("they wait");
    drop(blocker);
    while let Some(answer) = tasks.join_next().await {
        assert!(matches!(answer.unwrap(), Ok(Once::Executed(_))));
    }
    assert_eq!(notes(&database).await.len(), 32);
    assert!(matches!(write(&database, 200).await, Ok(Once::Executed(_))), "a place was lost");
}

#[tokio::test]
async fn the_issuer_is_next_whatever_number_of_business_writes_came_before_it() {
    let place = Place::new();
    let database = place.open().await;
    let mut blocker = database.write().await.unwrap();
    // So that the order in which the database did it can be read.
    let trigger =
        "CREATE TRIGGER claimed AFTER INSERT ON used_assertions BEGIN INSERT INTO notes VALUES ('issuer'); END";
    sqlx::query(trigger).execute(blocker.connection()).await.unwrap();
    let mut tasks = flood(&database, 32);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let used = UsedAssertion {
        client: "a".parse().unwrap(),
        id: "1".parse().unwrap(),
        remember_until: place.clock.now() + Duration::from_mins(1),
    };
    let claim = tokio::spawn({
        let database = database.clone();
        async move { database.claim_assertions(&[used]).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    blocker.commit().await.unwrap();
    assert_eq!(claim.await.unwrap().new, [true]);
    while let Some(answer) = tasks.join_next().await {
        answer.unwrap().unwrap();
    }
    let place = notes(&database).await.iter().position(|note| note == "issuer");
    assert!(place.is_some_and(|place| place <= 1), "so many business writes went first: {place:?}");
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_its_place_to_another() {
    let place = Place::new();
    let database = place.open().await;
    let blocker = database.write().await.unwrap();
    let mut given_up = flood(&database, 32);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(matches!(write(&database, 99).await, Err(StoreError::Busy)));
    given_up.shutdown().await;
    let later = tokio::spawn({
        let database = database.clone();
        async move { write(&database, 99).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(blocker);
    assert!(matches!(later.await.unwrap(), Ok(Once::Executed(_))));
    assert_eq!(notes(&database).await, ["business"]);
}
