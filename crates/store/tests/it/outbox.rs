use crate::recording::{Answer, Recording};
use crate::{Place, notes};
use bridge_client::TraceParent;
use bridge_store::{Database, DeliveryFailure, Dispatcher, NewMessage, Pace};
use bridge_types::SystemClock;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

pub(crate) const PACE: Pace = Pace {
    first: Duration::from_millis(4),
    longest: Duration::from_millis(20),
    refusals: 3,
    parallel: 4,
    per_recipient: 2,
};

pub(crate) async fn open(place: &Place) -> Database {
    place.open_with(Arc::new(SystemClock::new())).await
}

pub(crate) async fn send(database: &Database, aggregate: &str, texts: &[&str]) {
    send_to(database, "b", aggregate, texts).await;
}

pub(crate) async fn send_to(database: &Database, recipient: &str, aggregate: &str, texts: &[&str]) {
    let mut transaction = database.write().await.unwrap();
    for text in texts {
        transaction.enqueue(NewMessage { topic: "test", recipient, aggregate, payload: text }).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

pub(crate) fn dispatch(database: &Database, receiver: &Arc<Recording>, pace: Pace) -> JoinHandle<()> {
    tokio::spawn(Dispatcher::new(database.clone(), receiver.clone(), pace).run())
}

pub(crate) async fn emptied(database: &Database) {
    let empty = async {
        while database.backlog().await.unwrap().iter().any(|backlog| backlog.waiting > 0) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), empty).await.unwrap();
}

async fn attempts(database: &Database) -> u32 {
    let mut connection = database.read().await.unwrap();
    sqlx::query_scalar("SELECT attempts FROM outbox").fetch_one(&mut *connection).await.unwrap()
}

pub(crate) fn later() -> Answer {
    Answer::Failure(DeliveryFailure::temporary("down"))
}

pub(crate) fn never() -> Answer {
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
    let lost = NewMessage { topic: "test", recipient: "b", aggregate: "order-1", payload: &"lost" };
    transaction.enqueue(lost).await.unwrap();
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
    // The recipient has rested by now, but the message's own time has not come.
    place.clock.advance(PACE.longest);
    place.clock.step(jiff::SignedDuration::from_hours(-3));
    receiver.received(2).await;
    dispatcher.abort();
}

#[tokio::test]
async fn a_recipient_that_never_answers_does_not_hold_up_the_others() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::hanging_for(["hangs"]));
    for number in 0..20 {
        send_to(&database, "hangs", &format!("order-{number}"), &["stuck"]).await;
    }
    let dispatcher = dispatch(&database, &receiver, PACE);
    assert_eq!(receiver.texts(2).await, ["stuck", "stuck"]);
    for number in 20..30 {
        send_to(&database, "works", &format!("order-{number}"), &["free"]).await;
    }
    let texts = receiver.texts(12).await;
    assert_eq!(texts.iter().filter(|text| *text == "stuck").count(), 2, "{texts:?}");
    dispatcher.abort();
}

#[tokio::test]
async fn recipients_take_turns_however_much_stands_before_them_for_another() {
    let place = Place::new();
    let database = open(&place).await;
    for number in 0..20 {
        send_to(&database, "much", &format!("order-{number}"), &["old"]).await;
    }
    send_to(&database, "little", "order-20", &["new"]).await;
    let receiver = Arc::<Recording>::default();
    let dispatcher = dispatch(&database, &receiver, Pace { parallel: 1, ..PACE });
    let texts = receiver.texts(21).await;
    let place = texts.iter().position(|text| text == "new");
    assert!(place.is_some_and(|place| place <= 1), "{texts:?}");
    dispatcher.abort();
}

#[tokio::test]
async fn a_recipient_that_is_down_is_asked_with_one_message_and_not_with_all_of_them() {
    let place = Place::new();
    let database = open(&place).await;
    let receiver = Arc::new(Recording::answering((0..1000).map(|_| later())));
    for number in 0..50 {
        send(&database, &format!("order-{number}"), &["waits"]).await;
    }
    let slow = Pace { first: Duration::from_millis(100), longest: Duration::from_millis(200), ..PACE };
    let dispatcher = dispatch(&database, &receiver, slow);
    tokio::time::sleep(Duration::from_millis(500)).await;
    dispatcher.abort();
    let tried = receiver.received(1).await.len();
    assert!(tried <= 12, "{tried} deliveries to a recipient that is down");
}
