use crate::recording::{Answer, Recording};
use crate::{Place, notes};
use bridge_client::TraceParent;
use bridge_store::{Database, DeliveryFailure, Dispatcher, NewMessage, Pace};
use bridge_types::SystemClock;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const PACE: Pace =
    Pace { first: Duration::from_millis(4), longest: Duration::from_millis(20), refusals: 3, parallel: 4 };

async fn open(place: &Place) -> Database {
    place.open_with(Arc::new(SystemClock::new())).await
}

async fn send(database: &Database, aggregate: &str, texts: &[&str]) {
    let mut transaction = database.write().await.unwrap();
    for text in texts {
        transaction.enqueue(NewMessage { topic: "test", aggregate, payload: text }).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

fn dispatch(database: &Database, receiver: &Arc<Recording>, pace: Pace) -> JoinHandle<()> {
    tokio::spawn(Dispatcher::new(database.clone(), receiver.clone(), pace).run())
}

async fn emptied(database: &Database) {
    let empty = async {
        while database.backlog().await.unwrap().waiting > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), empty).await.unwrap();
}

async fn attempts(database: &Database) -> u32 {
    let mut connection = database.read().await.unwrap();
    sqlx::query_scalar("SELECT attempts FROM outbox").fetch_one(&mut *connection).await.unwrap()
}

fn later() -> Answer {
    Answer::Failure(DeliveryFailure::temporary("down"))
}

fn never() -> Answer {
    Answer::Failure(DeliveryFailure::permanent("422 validation_failed"))
}

#[tokio::test]
async fn a_message_leaves_at_once_and_is_forgotten() {
    let place = Place::new();
    let (database, receiver) = (open(&place).await, Arc::<Recording>::default());
    let dispatcher = dispatch(&database, &receiver, Pace { longest: Duration::from_mins(1), ..PACE });
    tokio::time::sleep(Duration::from_millis(20)).await;
    send(&database, "order-1", &["placed"]).await;
    // The dispatcher would look by itself after a minute only: the write woke it.
    assert_eq!(receiver.texts(1).await, ["placed"]);
    emptied(&database).await;
    dispatcher.abort();
}

#[tokio::test]
async fn a_message_of_a_write_that_is_not_kept_never_leaves() {
    let place = Place::new();
    let (database, receiver) = (open(&place).await, Arc::<Recording>::default());
    let dispatcher = dispatch(&database, &receiver, PACE);
    let mut transaction = database.write().await.unwrap();
    transaction.enqueue(NewMessage { topic: "test", aggregate: "order-1", payload: &"lost" }).await.unwrap();
    sqlx::query("INSERT INTO notes VALUES ('lost')").execute(transaction.connection()).await.unwrap();
    drop(transaction);
    send(&database, "order-1", &["kept"]).await;
    assert_eq!(receiver.texts(1).await, ["kept"]);
    assert!(notes(&database).await.is_empty());
    dispatcher.abort();
}

#[tokio::test]
async fn order_holds_per_aggregate_while_the_receiver_fails_in_every_way() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::answering([later(), never(), Answer::Panic, later(), later(), never()]));
    send(&database, "order-1", &["a1", "a2", "a3"]).await;
    send(&database, "order-2", &["b1", "b2"]).await;
    let dispatcher = dispatch(&database, &receiver, PACE);
    emptied(&database).await;
    let texts = receiver.texts(11).await;
    for letter in ["a", "b"] {
        let mut own: Vec<_> = texts.iter().filter(|text| text.starts_with(letter)).collect();
        own.dedup();
        assert!(own.is_sorted(), "{texts:?}");
    }
    dispatcher.abort();
}

#[tokio::test]
async fn the_receivers_outage_and_a_restart_of_the_sender_lose_nothing() {
    let place = Place::new();
    let down = Arc::new(Recording::answering((0..1000).map(|_| later())));
    let database = open(&place).await;
    let dispatcher = dispatch(&database, &down, PACE);
    send(&database, "order-1", &["one", "two"]).await;
    let tried = down.received(4).await;
    assert!(tried.iter().all(|attempt| *attempt == tried[0]), "overtaken, or sent under another name: {tried:?}");
    dispatcher.abort();
    drop(database);

    let (database, receiver) = (open(&place).await, Arc::<Recording>::default());
    let dispatcher = dispatch(&database, &receiver, PACE);
    assert_eq!(receiver.texts(2).await, ["one", "two"]);
    dispatcher.abort();
}

#[tokio::test]
async fn a_crash_between_delivery_and_its_mark_delivers_again_under_the_same_name() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::answering([Answer::Silence]));
    let dispatcher = dispatch(&database, &receiver, PACE);
    send(&database, "order-1", &["placed"]).await;
    receiver.received(1).await;
    dispatcher.abort();
    let dispatcher = dispatch(&database, &receiver, PACE);
    let attempts = receiver.received(2).await;
    assert_eq!(attempts[0], attempts[1]);
    emptied(&database).await;
    dispatcher.abort();
}

#[tokio::test]
async fn a_delivery_belongs_to_the_trace_of_its_write() {
    let place = Place::new();
    let (database, receiver) = (open(&place).await, Arc::<Recording>::default());
    let trace = TraceParent::new();
    trace.scope(send(&database, "order-1", &["placed"])).await;
    let dispatcher = dispatch(&database, &receiver, PACE);
    receiver.received(1).await;
    assert_eq!(receiver.traces(), [Some(trace)]);
    dispatcher.abort();
}

#[tokio::test]
async fn a_message_under_way_is_not_started_twice() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::answering([Answer::Silence]));
    let dispatcher = dispatch(&database, &receiver, PACE);
    send(&database, "order-1", &["stuck"]).await;
    receiver.received(1).await;
    send(&database, "order-2", &["free"]).await;
    receiver.received(2).await;
    tokio::time::sleep(PACE.longest * 3).await;
    assert_eq!(receiver.texts(2).await, ["stuck", "free"]);
    dispatcher.abort();
}

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
    assert_eq!((dead[0].topic.as_str(), dead[0].attempts), ("test", 3));
    let backlog = database.backlog().await.unwrap();
    assert_eq!(backlog.dead, 1);

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
async fn a_clock_that_is_set_back_does_not_hold_up_messages() {
    let place = Place::new();
    let database = place.open().await;
    let receiver = Arc::new(Recording::answering([later()]));
    let dispatcher = dispatch(&database, &receiver, PACE);
    send(&database, "order-1", &["placed"]).await;
    receiver.received(1).await;
    while attempts(&database).await == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    place.clock.step(jiff::SignedDuration::from_hours(-3));
    receiver.received(2).await;
    dispatcher.abort();
}
