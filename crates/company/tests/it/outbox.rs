//! `outbox`: the messages that were given up, and what is done with them, beside a company that serves.

use crate::support::{Directory, Outcome, Stand, eventually, run, run_beside};
use async_trait::async_trait;
use bridge_company::Exit;
use bridge_store::{Database, Deliver, DeliveryFailure, Dispatcher, Message, NewMessage, Pace};
use bridge_types::SystemClock;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A partner that refuses every message until it is told otherwise.
#[derive(Default)]
struct Partner(AtomicBool);

#[async_trait]
impl Deliver for Partner {
    async fn deliver(&self, _: &Message) -> Result<(), DeliveryFailure> {
        if self.0.load(Ordering::SeqCst) { Ok(()) } else { Err(DeliveryFailure::permanent("the partner answered 422")) }
    }
}

/// The outbox of a company that serves: two messages about one thing, of which the partner refuses the first.
async fn with_a_dead_letter(stand: &Stand) -> (Arc<Partner>, String) {
    let url = format!("sqlite:{}", stand.directory.file("notes.db").display()).parse().unwrap();
    let migrations = <crate::support::Notes as bridge_company::Application>::migrations();
    let database = Database::open(&url, &migrations, Arc::new(SystemClock::new())).await.unwrap();
    let mut write = database.write().await.unwrap();
    for text in ["bad", "next"] {
        let (recipient, aggregate) = ("https://issuer.example", "note-1");
        write.enqueue(NewMessage { topic: "note", recipient, aggregate, payload: &text }).await.unwrap();
    }
    write.commit().await.unwrap();
    let partner = Arc::<Partner>::default();
    let pace = Pace { first: Duration::from_millis(1), longest: Duration::from_millis(5), ..Pace::default() };
    tokio::spawn(Dispatcher::new(database, partner.clone(), pace).run());
    let id = eventually("a dead letter", async || {
        let listing = list(stand).await;
        Some(listing["dead_letters"][0]["id"].as_str()?.to_owned())
    });
    (partner, id.await)
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

async fn list(stand: &Stand) -> Value {
    json(&run_beside(stand, &["outbox", "list", "--json"]).await)
}

#[actix_web::test]
async fn a_dead_letter_and_what_it_blocks_are_shown_in_the_list_and_in_readiness() {
    let stand = Stand::start().await;
    let (_, id) = with_a_dead_letter(&stand).await;
    let listing = list(&stand).await;
    let recipient = &listing["recipients"][0];
    assert_eq!((&recipient["partner"], &recipient["recipient"]), (&json!("partner"), &json!("https://issuer.example")));
    let dead = &listing["dead_letters"][0];
    assert_eq!((&dead["failure"], &dead["blocked"]), (&json!("the partner answered 422"), &json!(1)));
    let readiness = stand.readiness().await;
    assert_eq!(readiness["status"], "ready");
    for place in [recipient, &readiness["outbox"][0]] {
        let counts = ["waiting", "blocked", "dead"].map(|member| place[member].as_u64());
        assert_eq!(counts, [Some(1), Some(1), Some(1)], "{place:#}");
    }
    let text = run_beside(&stand, &["outbox", "list"]).await.stdout;
    for part in [id.as_str(), "note note-1", "holds back the later messages", "partner answered 422"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_retried_dead_letter_goes_out_with_what_waited_behind_it() {
    let stand = Stand::start().await;
    let (partner, id) = with_a_dead_letter(&stand).await;
    partner.0.store(true, Ordering::SeqCst);
    let retried = run_beside(&stand, &["outbox", "retry", &id, "--json"]).await;
    assert_eq!((retried.exit, &json(&retried)["done"]), (Exit::Done, &json!([id])));
    eventually("an empty outbox", async || (list(&stand).await["recipients"] == json!([])).then_some(())).await;
    let again = run_beside(&stand, &["outbox", "retry", &id, "--json"]).await;
    assert_eq!((again.exit, &json(&again)["not_found"]), (Exit::Failed, &json!([id])));
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_dropped_dead_letter_is_gone_and_the_next_message_is_tried() {
    let stand = Stand::start().await;
    let (_, id) = with_a_dead_letter(&stand).await;
    let dropped = run_beside(&stand, &["outbox", "drop", &id]).await;
    assert_eq!((dropped.exit, dropped.stdout.as_str()), (Exit::Done, format!("{id}  done\n").as_str()));
    let next = eventually("the next one", async || {
        let listing = list(&stand).await;
        Some(listing["dead_letters"][0]["id"].as_str()?.to_owned())
    });
    assert_ne!(next.await, id);
    stand.company.stop().await;
}

#[test]
fn looking_makes_no_database_and_a_wrong_id_is_a_wrong_command_line() {
    let directory = Directory::new();
    let listing = run(&directory, &["outbox", "list", "--json"], &[]);
    assert_eq!((listing.exit, json(&listing)), (Exit::Done, json!({ "recipients": [], "dead_letters": [] })));
    assert!(!directory.file("notes.db").exists());
    for arguments in [&["outbox", "drop"][..], &["outbox", "drop", "all"], &["outbox", "retry", "7"]] {
        assert_eq!(run(&directory, arguments, &[]).exit, Exit::Misconfigured, "{arguments:?}");
    }
}
