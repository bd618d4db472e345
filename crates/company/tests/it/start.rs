//! What a company refuses to start with, and that it stops in good order.

use crate::support::{Directory, Notes, Outcome, Stand, run, run_beside};
use bridge_company::Exit;
use bridge_store::{Database, Migration};
use bridge_testkit::{TestCa, TestIssuer};
use bridge_types::{Clock, SystemClock};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

fn refuses_to_serve(directory: &Directory, reasons: &[&str]) {
    let Outcome { exit, stdout, stderr } = run(directory, &["serve"], &[]);
    assert_eq!((exit, stdout.as_str()), (Exit::Misconfigured, ""), "{stderr}");
    for reason in reasons {
        assert!(stderr.contains(reason), "does not say {reason:?}: {stderr}");
    }
}

#[test]
fn refuses_a_port_in_use() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    for (section, line) in [("[issuer]", 5), ("[api]", 8), ("[operations]", 11)] {
        let directory = Directory::new();
        let listen = format!("{section}\nlisten = \"127.0.0.1:0\"");
        directory.edit("company.toml", &listen, &format!("{section}\nlisten = \"{address}\""));
        let place = format!("company.toml:{line}:10: cannot listen on {address}");
        refuses_to_serve(&directory, &[&place, "a free port", "a port in use", "choose another port"]);
    }
}

#[test]
fn refuses_a_key_of_another_certificate() {
    let directory = Directory::new();
    directory.write_private("tls/key.pem", &TestCa::new().server(&["127.0.0.1"]).key_pem);
    refuses_to_serve(&directory, &["company.toml:15", "the private key of", "a key of another certificate"]);
}

#[test]
fn refuses_files_that_are_not_what_they_should_be() {
    for (name, text, line, expected) in [
        ("tls/cert.pem", "", 14, "PEM certificates"),
        ("tls/key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 15, "the private key of"),
        ("tls/ca.pem", "hello", 16, "PEM certificates of the authority"),
    ] {
        let directory = Directory::new();
        directory.write(name, text);
        refuses_to_serve(&directory, &[&format!("company.toml:{line}"), expected]);
    }
}

#[test]
fn refuses_a_private_key_that_others_may_read_or_write() {
    for mode in [0o640, 0o604, 0o620, 0o602, 0o660] {
        let directory = Directory::new();
        directory.allow("tls/key.pem", mode);
        assert_eq!(run(&directory, &["config", "check"], &[]).exit, Exit::Misconfigured);
        let found = format!("mode {mode:04o}");
        refuses_to_serve(&directory, &["company.toml:15:12", "tls/key.pem", "mode 0600", &found, "chmod 600"]);
    }
    let directory = Directory::new();
    directory.allow("tls/key.pem", 0o400);
    assert_eq!(run(&directory, &["config", "check"], &[]).exit, Exit::Done);
}

async fn leave_database(directory: &Directory, migrations: &[Migration]) {
    let url = format!("sqlite:{}", directory.file("notes.db").display()).parse().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    Database::open(&url, migrations, clock).await.unwrap().close().await;
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn refuses_a_database_of_a_newer_version() {
    let directory = Directory::new();
    let own = <Notes as bridge_company::Application>::migrations();
    let newer = Migration { version: 1001, name: "later", sql: "CREATE TABLE later (x TEXT) STRICT" };
    block_on(leave_database(&directory, &[own[0], newer]));
    refuses_to_serve(&directory, &["notes.db", "newer version", "up to 1000", "found 1001"]);
}

#[actix_web::test]
async fn starts_with_another_algorithm_than_the_key_has_and_asks_for_its_replacement() {
    let ca = TestCa::new();
    let Stand { directory, company, .. } = Stand::start_in(&ca, |_| {}).await;
    company.stop().await;
    directory.edit("company.toml", "[issuer]\n", "[issuer]\nalgorithm = \"EdDSA\"\n");
    let stand = Stand::start_with(directory, ca.certificate_pem().as_bytes()).await;
    let listed = run_beside(&stand, &["keys", "list", "--json"]).await.json();
    for key in listed["keys"].as_array().unwrap().iter().filter(|key| key["algorithm"] == "ES256") {
        assert_eq!((&key["state"], &key["rotation_requested"]["algorithm"]), (&"active".into(), &"EdDSA".into()));
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn starts_and_stops_again_on_the_same_database_with_the_same_keys() {
    let first = Stand::start().await;
    let jwks = |stand: &Stand| stand.http.get(format!("{}/jwks.json", stand.addresses().issuer.url)).send();
    let before = jwks(&first).await.unwrap().text().await.unwrap();
    assert!(before.contains("\"kid\""), "{before}");
    let Stand { directory, company, .. } = first;
    company.stop().await;
    let ca = std::fs::read(directory.file("tls/ca.pem")).unwrap();
    let second = Stand::start_with(directory, &ca).await;
    assert_eq!(jwks(&second).await.unwrap().text().await.unwrap(), before);
    second.company.stop().await;
}

#[actix_web::test]
async fn a_request_that_runs_is_answered_and_a_later_one_is_not_taken() {
    let issuer = TestIssuer::new("https://issuer.example", bridge_jose::Algorithm::Es256);
    let stand = Stand::start_trusting(&issuer).await;
    let now = SystemClock::new().now();
    let token = issuer.access_token("reader", "https://api.example", "notes:read", now).sign();
    let slow = stand.http.get(stand.api("/slow")).bearer_auth(&token).send();
    let slow = tokio::spawn(slow);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let (later, http) = (stand.api("/notes"), stand.http.clone());
    let stopped = tokio::spawn(stand.company.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let refused = http.get(later).bearer_auth(&token).send().await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status() == 503), "a later request was taken");
    let answer = slow.await.unwrap().unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "done"));
    stopped.await.unwrap();
}
