use crate::Place;
use bridge_store::{Database, Topic};
use std::time::Duration;
use tokio::time::timeout;

async fn touch(database: &Database) {
    let mut transaction = database.write().await.unwrap();
    transaction.touch(Topic::Keys).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_change_by_this_or_another_process_is_seen_within_a_moment() {
    let place = Place::new();
    let (here, elsewhere) = (place.open().await, place.open().await);
    let mut revision = here.watch(Topic::Keys);
    assert_eq!(*revision.borrow_and_update(), 0);
    for (nth, database) in [(1, &elsewhere), (2, &here)] {
        touch(database).await;
        timeout(Duration::from_millis(500), revision.changed()).await.unwrap().unwrap();
        assert_eq!(*revision.borrow_and_update(), nth);
    }
}

#[tokio::test]
async fn a_watch_that_begins_later_shows_what_changed_before() {
    let place = Place::new();
    let database = place.open().await;
    touch(&database).await;
    database.close().await;
    let database = place.open().await;
    let mut revision = database.watch(Topic::Keys);
    timeout(Duration::from_secs(5), revision.wait_for(|revision| *revision == 1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_write_that_is_not_kept_or_is_about_something_else_wakes_nobody() {
    let place = Place::new();
    let (here, elsewhere) = (place.open().await, place.open().await);
    let mut revision = here.watch(Topic::Keys);
    let mut transaction = elsewhere.write().await.unwrap();
    transaction.touch(Topic::Keys).await.unwrap();
    drop(transaction);
    let mut transaction = elsewhere.write().await.unwrap();
    sqlx::query("INSERT INTO notes VALUES ('another topic')").execute(transaction.connection()).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(timeout(Duration::from_millis(200), revision.changed()).await.is_err());
}

#[tokio::test]
async fn the_looking_ends_with_the_database() {
    let place = Place::new();
    let database = place.open().await;
    let mut revision = database.watch(Topic::Keys);
    database.close().await;
    drop(database);
    assert!(timeout(Duration::from_secs(5), revision.changed()).await.unwrap().is_err(), "somebody still looks");
}
