//! Keys are replaced beside companies that serve, and nobody notices.

use crate::support::{Outcome, Stand, eventually, run_beside};
use bridge_company::Exit;
use bridge_testkit::TestCa;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Two companies of which the first calls the second.
async fn friends() -> (Stand, Stand) {
    let ca = TestCa::new();
    let (a, b) = (Stand::start_in(&ca, |_| {}).await, Stand::start_in(&ca, |_| {}).await);
    a.befriend(&b);
    a.write_addresses();
    eventually("the first answer", async || (asked(&a.http, &a.api("/ask/partner")).await == 200).then_some(())).await;
    (a, b)
}

async fn asked(http: &reqwest::Client, url: &str) -> u16 {
    http.get(url).send().await.map_or(0, |answer| answer.status().as_u16())
}

/// Calls all the time until it is told to stop; gives how often it called, and every status but 200.
async fn load(http: reqwest::Client, url: String, stop: Arc<AtomicBool>, calls: Arc<AtomicUsize>) -> Vec<u16> {
    let mut failed = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let status = asked(&http, &url).await;
        calls.fetch_add(1, Ordering::SeqCst);
        failed.extend((status != 200).then_some(status));
    }
    failed
}

async fn keys(stand: &Stand) -> Vec<Value> {
    let outcome = run_beside(stand, &["keys", "list", "--json"]).await;
    outcome.json()["keys"].as_array().unwrap().clone()
}

async fn active(stand: &Stand, purpose: &str) -> String {
    let keys = keys(stand).await;
    let key = keys.iter().find(|key| key["purpose"] == purpose && key["state"] == "active");
    key.unwrap()["kid"].as_str().unwrap().to_owned()
}

async fn published(stand: &Stand) -> String {
    let answer = stand.http.get(format!("{}/jwks.json", stand.addresses().issuer.url)).send().await.unwrap();
    answer.text().await.unwrap()
}

/// A call with a token of its own.
async fn call(stand: &Stand) -> Outcome {
    run_beside(stand, &["call", "--partner", "partner", "GET", "/notes"]).await
}

#[actix_web::test]
async fn keys_follow_each_other_under_load_and_no_request_fails() {
    let (a, b) = friends().await;
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let caller = tokio::spawn(load(a.http.clone(), a.api("/ask/partner"), Arc::clone(&stop), Arc::clone(&calls)));
    for _ in 0..3 {
        let before = active(&a, "access tokens").await;
        let rotated = run_beside(&a, &["keys", "rotate", "--wait", "30", "--json"]).await;
        assert_eq!(rotated.exit, Exit::Done, "{rotated:?}");
        assert_eq!(rotated.json()["kid"], before);
        assert_ne!(active(&a, "access tokens").await, before);
        assert!(published(&a).await.contains(&before), "a retired key stays published");
        let called = call(&a).await;
        assert_eq!(called.exit, Exit::Done, "{called:?}");
    }
    let before = active(&a, "client reader").await;
    let rotated = run_beside(&a, &["keys", "rotate", "--client", "reader", "--wait", "30"]).await;
    assert_eq!(rotated.exit, Exit::Done, "{rotated:?}");
    assert_ne!(active(&a, "client reader").await, before);
    assert_eq!(call(&a).await.exit, Exit::Done);
    stop.store(true, Ordering::SeqCst);
    assert_eq!(caller.await.unwrap(), Vec::<u16>::new(), "of {} calls", calls.load(Ordering::SeqCst));
    let readiness = a.readiness().await;
    assert_eq!(readiness["rotations_waiting"], serde_json::json!([]));
    let states =
        |state: &str| readiness["own_keys"].as_array().unwrap().iter().filter(|key| key["state"] == state).count();
    assert_eq!((states("active"), states("retired")), (3, 4));
    a.company.stop().await;
    b.company.stop().await;
}

#[actix_web::test]
async fn a_revoked_key_leaves_the_published_set_at_once_and_its_successor_works_at_once() {
    let (a, b) = friends().await;
    let stolen = active(&a, "access tokens").await;
    let revoked = run_beside(&a, &["keys", "revoke", &stolen, "--reason", "laptop stolen", "--json"]).await;
    assert_eq!(revoked.exit, Exit::Done, "{revoked:?}");
    let successor = revoked.json()["replacement"].as_str().unwrap().to_owned();
    eventually("the new set", async || (!published(&a).await.contains(&stolen)).then_some(())).await;
    assert!(published(&a).await.contains(&successor));
    // The partner trusts no list that the stolen key has signed, and refuses until it holds the next one.
    eventually("an answer under the new key", async || (call(&a).await.exit == Exit::Done).then_some(())).await;
    let keys = keys(&a).await;
    let gone = keys.iter().find(|key| key["kid"] == stolen.as_str()).unwrap();
    assert_eq!((&gone["state"], &gone["reason"]), (&"revoked".into(), &"laptop stolen".into()));

    let credential = active(&a, "client reader").await;
    let revoked = run_beside(&a, &["keys", "revoke", &credential, "--reason", "laptop stolen"]).await;
    assert_eq!(revoked.exit, Exit::Done, "{revoked:?}");
    let called = call(&a).await;
    assert_eq!(called.exit, Exit::Done, "{called:?}");
    a.company.stop().await;
    b.company.stop().await;
}

#[actix_web::test]
async fn refuses_to_rotate_or_withdraw_what_is_not_there_and_changes_nothing() {
    let stand = Stand::start().await;
    let before = keys(&stand).await;
    let kid = before[0]["kid"].as_str().unwrap().to_owned();
    for (arguments, complaint) in [
        (vec!["keys", "rotate", "--client", "nobody"], "unknown client: expected one of reader, found nobody"),
        (vec!["keys", "revoke", "-nobody", "--reason", "x"], "no key -nobody; see `keys list`"),
        (vec!["keys", "revoke", &kid, "--reason", " "], "expected a reason of 1 to 200 characters"),
        (vec!["keys", "revoke", &kid], "--reason"),
    ] {
        let outcome = run_beside(&stand, &arguments).await;
        assert_ne!(outcome.exit, Exit::Done, "{outcome:?}");
        assert!(outcome.stderr.contains(complaint), "{arguments:?}: {}", outcome.stderr);
    }
    assert_eq!(keys(&stand).await, before);
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_partner_that_refuses_the_new_algorithm_keeps_the_old_key_signing_and_is_named() {
    let (a, b) = friends().await;
    b.directory.edit("partners/partner.toml", "audience", "algorithms = [\"ES256\"]\naudience");
    let before = active(&a, "access tokens").await;
    a.directory.edit("company.toml", "[issuer]\n", "[issuer]\nalgorithm = \"EdDSA\"\n");
    let asked = run_beside(&a, &["keys", "rotate", "--wait", "2"]).await;
    assert_eq!(asked.exit, Exit::Failed, "{asked:?}");
    let waiting = eventually("the complaint", async || {
        let waiting = a.readiness().await["rotations_waiting"].clone();
        waiting.to_string().contains("refuses").then_some(waiting)
    })
    .await;
    assert_eq!(waiting[0]["witnesses"][0]["partner"], "partner", "{waiting}");
    assert_eq!(waiting[0]["active_in_seconds"], Value::Null);
    assert_eq!(active(&a, "access tokens").await, before);
    assert_eq!(call(&a).await.exit, Exit::Done);
    a.company.stop().await;
    b.company.stop().await;
}

#[actix_web::test]
async fn the_key_encryption_key_is_replaced_beside_a_company_that_serves() {
    let (a, b) = friends().await;
    let file = a.directory.file("notes.db.kek");
    let before = std::fs::read_to_string(&file).unwrap();
    let rewrapped = run_beside(&a, &["keys", "rewrap", "--new", "--json"]).await;
    assert_eq!((rewrapped.exit, rewrapped.json()["keys"].as_u64()), (Exit::Done, Some(3)), "{rewrapped:?}");
    assert_ne!(std::fs::read_to_string(&file).unwrap(), before);
    let rotated = run_beside(&a, &["keys", "rotate", "--wait", "10"]).await;
    assert_eq!(rotated.exit, Exit::Done, "{rotated:?}");
    assert_eq!(call(&a).await.exit, Exit::Done);

    std::fs::remove_file(&file).unwrap();
    let kid = active(&a, "access tokens").await;
    let revoked = run_beside(&a, &["keys", "revoke", &kid, "--reason", "stolen"]).await;
    assert_eq!(revoked.exit, Exit::Misconfigured, "{revoked:?}");
    assert!(revoked.stderr.contains("restore it from its backup"), "{}", revoked.stderr);
    assert_eq!(active(&a, "access tokens").await, kid, "nothing was changed, and what is public is listed");
    assert!(!file.exists());
    a.company.stop().await;
    b.company.stop().await;
}
