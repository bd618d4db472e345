//! What becomes of messages that their recipient refuses.

use crate::Place;
use crate::outbox::{PACE, dispatch, emptied, later, never, open, send};
use crate::recording::Recording;
use bridge_store::NewMessage;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_refused_message_dies_visibly_holds_back_its_aggregate_and_can_be_revived() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::answering([never(), never(), never()]));
    let dispatcher = dispatch(&database, &receiver, PACE);
    send(&database, "order-1", &["bad", "next"]).await;
    receiver.received(3).await;
    send(&database, "order-2", &["other"]).await;
    assert_eq!(receiver.texts(4).await, ["bad", "bad", "bad", "other"]);

    let dead = database.dead_letters(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].aggregate.as_str(), dead[0].failure.as_str()), ("order-1", "422 validation_failed"));
    assert_eq!((dead[0].topic.as_str(), dead[0].recipient.as_str()), ("test", "b"));
    assert_eq!((dead[0].attempts, dead[0].blocked), (3, 1));
    let backlog = database.backlog().await.unwrap();
    assert_eq!((backlog[0].dead, backlog[0].blocked), (1, 1));

    assert!(database.revive_dead_letter(dead[0].id).await.unwrap());
    assert!(!database.revive_dead_letter(dead[0].id).await.unwrap());
    assert_eq!(receiver.texts(6).await[4..], ["bad", "next"]);
    assert!(database.dead_letters(10).await.unwrap().is_empty());
    dispatcher.abort();
}

#[tokio::test]
async fn an_outage_between_refusals_does_not_kill_a_message() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::answering([never(), never(), later(), never(), never()]));
    let dispatcher = dispatch(&database, &receiver, PACE);
    send(&database, "order-1", &["stubborn"]).await;
    receiver.received(6).await;
    emptied(&database).await;
    assert!(database.dead_letters(1).await.unwrap().is_empty());
    dispatcher.abort();
}

#[tokio::test]
async fn a_dropped_dead_letter_lets_those_behind_it_go_and_never_leaves() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::answering([never(), never(), never()]));
    let dispatcher = dispatch(&database, &receiver, PACE);
    send(&database, "order-1", &["bad", "next"]).await;
    receiver.received(3).await;
    let dead = loop {
        if let [dead] = database.dead_letters(10).await.unwrap().as_slice() {
            break dead.clone();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    assert!(database.drop_dead_letter(dead.id).await.unwrap());
    assert!(!database.drop_dead_letter(dead.id).await.unwrap());
    assert_eq!(receiver.texts(4).await[3], "next");
    emptied(&database).await;
    dispatcher.abort();
}

#[tokio::test]
async fn a_message_that_still_waits_cannot_be_dropped() {
    let place = Place::new();
    let database = open(&place).await;
    let mut transaction = database.write().await.unwrap();
    let message = NewMessage { topic: "test", recipient: "b", aggregate: "order-1", payload: &"kept" };
    let id = transaction.enqueue(message).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(!database.drop_dead_letter(id).await.unwrap());
    assert!(!database.revive_dead_letter(id).await.unwrap());
    assert_eq!(database.backlog().await.unwrap()[0].waiting, 1);
}
