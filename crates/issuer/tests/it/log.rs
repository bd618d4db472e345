use crate::revocation::revoke;
use crate::support::{AUDIENCE, CLIENT, ISSUER, World, good_form};
use bridge_issuer::{Rate, TokenLimits};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Collects the lines that are logged on this thread while the guard lives.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn capture(&self) -> tracing::subscriber::DefaultGuard {
        // A subscriber for all threads, whom nobody reads. Without it, a thread that logs while no test listens can make
        // tracing believe that nobody ever will.
        drop(tracing::subscriber::set_global_default(tracing_subscriber::registry()));
        let lines = self.clone();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || lines.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn json(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_issued_token_leaves_one_line_without_the_token() {
    let world = World::new().await;
    let lines = Lines::default();
    let guard = lines.capture();
    let assertion = world.assertion().sign();
    let token = world.present(&assertion).await.unwrap().access_token;
    drop(guard);
    let [line] = &lines.json()[..] else { panic!("{}", lines.text()) };
    for (name, value) in [
        ("event", "token_issued"),
        ("outcome", "ok"),
        ("target", "bridge"),
        ("level", "INFO"),
        ("iss", ISSUER),
        ("client_id", CLIENT),
        ("aud", AUDIENCE),
        ("scope", "shipments:read"),
        ("kid", world.signing().kid().as_str()),
        ("token", &token.fingerprint().to_string()),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert!(line["latency_us"].is_u64() && line["status"] == 200, "{line}");
    for part in assertion.split('.').chain(token.expose().split('.')) {
        assert!(!lines.text().contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_revocation_leaves_one_line_that_says_whether_there_was_anything_to_revoke() {
    let world = World::new().await;
    let token = world.present(&world.assertion().sign()).await.unwrap().access_token;
    let lines = Lines::default();
    let guard = lines.capture();
    for token in [token.expose(), token.expose(), "not-a-token-of-anybody"] {
        revoke(&world, token).await.unwrap();
    }
    drop(guard);
    let logged = lines.json();
    let told: Vec<_> = logged.iter().map(|line| (line["event"].as_str().unwrap(), line["detail"].as_str())).collect();
    let ignored = |detail| ("revocation_ignored", Some(detail));
    assert_eq!(told, [("token_revoked", None), ignored("already_revoked"), ignored("token_unreadable")]);
    assert!(logged.iter().all(|line| line["client_id"] == CLIENT && line["status"] == 200), "{}", lines.text());
    for secret in token.expose().split('.').chain(["not-a-token-of-anybody"]) {
        assert!(!lines.text().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn of_a_flood_of_refusals_some_leave_a_line_and_the_rest_is_told_in_one() {
    let limits = TokenLimits { logged_refusals: Rate::per_second(3), ..TokenLimits::default() };
    let world = World::limited(limits).await;
    let lines = Lines::default();
    let guard = lines.capture();
    for _ in 0..10 {
        world.present("x").await.unwrap_err();
    }
    world.present(&world.assertion().claim("exp", 1).sign()).await.unwrap_err();
    world.issuer.log_suppressed();
    world.clock.advance(Duration::from_secs(1));
    world.issuer.log_suppressed();
    world.issuer.log_suppressed();
    drop(guard);
    let told: Vec<Value> = lines.json().into_iter().map(|line| line["detail"].clone()).collect();
    assert_eq!(told, [&["assertion_malformed"; 3][..], &["assertion_expired", "assertion_malformed"]].concat());
    let last = &lines.json()[4];
    assert_eq!((&last["event"], &last["suppressed"]), (&"token_refusals_suppressed".into(), &7.into()));
}

#[tokio::test]
async fn a_refusal_leaves_one_line_with_its_reason_and_no_credential() {
    let world = World::new().await;
    let lines = Lines::default();
    let guard = lines.capture();
    let assertion = world.assertion().claim("exp", 1).sign();
    world.present(&assertion).await.unwrap_err();
    let mut form = good_form(&assertion);
    form.push(("client_secret", "hunter2"));
    world.ask(&form).await.unwrap_err();
    drop(guard);
    let [first, second] = &lines.json()[..] else { panic!("{}", lines.text()) };
    for (name, value) in [
        ("event", "token_refused"),
        ("outcome", "deny"),
        ("level", "WARN"),
        ("reason", "invalid_client"),
        ("detail", "assertion_expired"),
        ("client_id", CLIENT),
        ("kid", world.key.kid().as_str()),
    ] {
        assert_eq!(first[name], value, "{name}");
    }
    assert_eq!((&first["status"], &second["detail"]), (&401.into(), &"credentials_twice".into()));
    assert!(assertion.split('.').all(|part| !lines.text().contains(part)) && !lines.text().contains("hunter2"));
}

#[tokio::test]
async fn what_a_stranger_wrote_is_cut_and_escaped() {
    let world = World::new().await;
    let lines = Lines::default();
    let guard = lines.capture();
    let assertion = world.assertion().claim("iss", format!("\u{1b}[31m{}", "x".repeat(5000))).sign();
    world.present(&assertion).await.unwrap_err();
    world.present(&world.assertion().claim("exp", "y".repeat(5000)).sign()).await.unwrap_err();
    drop(guard);
    let logged = lines.json();
    assert_eq!(logged[0]["client_id"].as_str().unwrap(), format!("\\u{{1b}}[31m{}", "x".repeat(123)));
    assert!(lines.text().len() < 2500, "{}", lines.text());
}

#[tokio::test]
async fn every_outcome_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new().await;
    let assertion = world.assertion().sign();
    world.present(&assertion).await.unwrap();
    world.present(&assertion).await.unwrap_err();
    world.present("x").await.unwrap_err();
    let shown = recorder.handle().render();
    assert!(shown.contains("bridge_token_requests_total{outcome=\"issued\"} 1"), "{shown}");
    assert!(shown.contains("bridge_token_requests_total{outcome=\"invalid_client\"} 2"), "{shown}");
}
