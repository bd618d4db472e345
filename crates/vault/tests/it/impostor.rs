//! Something else answers at the address of OpenBao, or OpenBao answers what must not be believed.

use crate::bao::{stopwatch, trusting, workload_token};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{Algorithm, SigningKey, VerificationKey};
use bridge_testkit::TestCa;
use bridge_types::{Clock, SystemClock};
use bridge_vault::{Limits, Settings, Transit, Vault, VaultError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "s.rtcErokLP4KJ1xSug7qGWB35";

struct Impostor {
    server: MockServer,
    files: TempDir,
    key: SigningKey,
}

impl Impostor {
    /// Lets everybody in, and answers every request to sign with this.
    async fn start(key: SigningKey, signed: ResponseTemplate) -> Self {
        let server = MockServer::start().await;
        let login = json!({"auth": {"client_token": TOKEN, "lease_duration": 60, "renewable": true}});
        let login = ResponseTemplate::new(200).set_body_json(login);
        Mock::given(method("POST")).and(path("/v1/auth/jwt/login")).respond_with(login).mount(&server).await;
        Mock::given(path_regex("^/v1/transit/")).respond_with(signed).mount(&server).await;
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("token"), "eyJhbGciOiJFUzI1NiJ9.payload-of-the-platform.signature").unwrap();
        Self { server, files, key }
    }

    fn transit(&self, limits: Limits) -> Transit {
        let identity = workload_token(&self.files.path().join("token"));
        let settings = Settings::new(self.server.uri().parse().unwrap(), identity).with_limits(limits).unwrap();
        let vault = Vault::new(settings, trusting(TestCa::new().certificate_pem()), Arc::new(SystemClock::new()));
        Transit::new(vault, "transit".parse().unwrap())
    }

    async fn sign(&self) -> Result<Vec<u8>, VaultError> {
        self.sign_within(Limits::default()).await
    }

    async fn sign_within(&self, limits: Limits) -> Result<Vec<u8>, VaultError> {
        let public = VerificationKey::try_from(self.key.public()).unwrap();
        self.transit(limits).sign(&"company-a.k".parse().unwrap(), 3, &public, b"message").await
    }

    async fn logins(&self) -> usize {
        let requests = self.server.received_requests().await.unwrap();
        requests.iter().filter(|request| request.url.path().ends_with("/login")).count()
    }
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn signed(key: &SigningKey, message: &[u8], prefix: &str, version: u32) -> Value {
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message).unwrap());
    json!({"data": {"signature": format!("{prefix}{signature}"), "key_version": version}})
}

#[tokio::test]
async fn a_signature_counts_only_when_it_is_the_one_that_was_asked_for() {
    let (key, other) = (key(), key());
    let good = Impostor::start(
        key.clone(),
        ResponseTemplate::new(200).set_body_json(signed(&key, b"message", "vault:v3:", 3)),
    );
    good.await.sign().await.unwrap();
    let duplicate = r#"{"data":{"signature":"vault:v3:AA","signature":"vault:v3:AA","key_version":3}}"#;
    for (what, answer) in [
        ("another key", json(&signed(&other, b"message", "vault:v3:", 3))),
        ("another message", json(&signed(&key, b"massage", "vault:v3:", 3))),
        ("another version", json(&signed(&key, b"message", "vault:v4:", 4))),
        ("a version in the prefix only", json(&signed(&key, b"message", "vault:v3:", 4))),
        ("no prefix", json(&signed(&key, b"message", "", 3))),
        ("another prefix", json(&signed(&key, b"message", "vault:v03:", 3))),
        ("not base64url", json(&json!({"data": {"signature": "vault:v3:+++=", "key_version": 3}}))),
        ("empty", json(&json!({"data": {"signature": "vault:v3:", "key_version": 3}}))),
        ("no version", json(&json!({"data": {"signature": "vault:v3:AA"}}))),
        ("a version as text", json(&json!({"data": {"signature": "vault:v3:AA", "key_version": "3"}}))),
        ("no data", json(&json!({"data": null}))),
        ("a repeated member", ResponseTemplate::new(200).set_body_string(duplicate)),
        ("a page", ResponseTemplate::new(200).set_body_string("<html>hello</html>")),
        ("nothing", ResponseTemplate::new(200)),
        ("no content", ResponseTemplate::new(204)),
        ("too much", ResponseTemplate::new(200).set_body_string(" ".repeat(70_000))),
        ("compressed", json(&json!({})).insert_header("content-encoding", "gzip")),
        ("a redirect", ResponseTemplate::new(307).insert_header("location", "/v1/transit/elsewhere")),
    ] {
        let refused = Impostor::start(key.clone(), answer).await.sign().await.expect_err(what);
        assert!(matches!(refused, VaultError::Unexpected { .. }), "{what}: {refused}");
    }
}

#[tokio::test]
async fn a_denial_of_an_older_token_is_answered_by_one_new_login() {
    let impostor = Impostor::start(key(), ResponseTemplate::new(403).set_body_string(r#"{"errors":["x"]}"#)).await;
    let transit = impostor.transit(Limits::default());
    let public = VerificationKey::try_from(impostor.key.public()).unwrap();
    let name = "company-a.k".parse().unwrap();
    let sign = || transit.sign(&name, 3, &public, b"message");
    assert!(matches!(sign().await, Err(VaultError::Denied { .. })));
    assert!(matches!(sign().await, Err(VaultError::Denied { .. })));
    assert_eq!(impostor.logins().await, 1, "a denial right after the login is believed");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(matches!(sign().await, Err(VaultError::Denied { .. })));
    assert_eq!(impostor.logins().await, 2);
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_no_longer_than_was_said_however_many_ask() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(20));
    let impostor = Impostor::start(key(), slow).await;
    let limits = Limits { timeout: Duration::from_millis(400), concurrent: 2 };
    let transit = impostor.transit(limits);
    let public = VerificationKey::try_from(impostor.key.public()).unwrap();
    let name = "company-a.k".parse().unwrap();
    let begun = stopwatch();
    let sign = || transit.sign(&name, 3, &public, b"message");
    let outcomes: [_; 6] = tokio::join!(sign(), sign(), sign(), sign(), sign(), sign()).into();
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(matches!(error, VaultError::TimedOut { .. }) && error.is_temporary(), "{error}");
    }
    assert!(begun.monotonic() < Duration::from_secs(3), "{:?}", begun.monotonic());
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_was_said() {
    let slow = ResponseTemplate::new(400).set_delay(Duration::from_millis(300));
    let impostor = Impostor::start(key(), slow).await;
    let transit = impostor.transit(Limits { timeout: Duration::from_secs(20), concurrent: 2 });
    let public = VerificationKey::try_from(impostor.key.public()).unwrap();
    let name = "company-a.k".parse().unwrap();
    let begun = stopwatch();
    let sign = || transit.sign(&name, 3, &public, b"message");
    let outcomes: [_; 6] = tokio::join!(sign(), sign(), sign(), sign(), sign(), sign()).into();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(VaultError::Refused { .. }))), "{outcomes:?}");
    assert!(begun.monotonic() >= Duration::from_millis(900), "{:?}", begun.monotonic());
}

#[tokio::test]
async fn out_of_service_is_told_apart_from_refused() {
    for (status, temporary) in [(429, true), (472, true), (503, true), (500, true), (400, false), (404, false)] {
        let body = r#"{"errors":["some reason"]}"#;
        let impostor = Impostor::start(key(), ResponseTemplate::new(status).set_body_string(body)).await;
        let error = impostor.sign().await.unwrap_err();
        assert_eq!(error.is_temporary(), temporary, "{error}");
    }
}

#[tokio::test]
async fn what_was_sent_in_confidence_is_not_repeated_in_an_error() {
    let platform = "eyJhbGciOiJFUzI1NiJ9.payload-of-the-platform.signature";
    for said in [
        format!("bad token {TOKEN}"),
        format!("bad token,{TOKEN}x"),
        format!("bad token x{TOKEN}"),
        "unknown s.AnotherTokenOfSomebodyElse12".to_owned(),
        format!("cannot parse {platform}"),
        "hvs.CAESIJlWh1234567890abcdef".to_owned(),
    ] {
        let body = json!({"errors": [said]});
        let impostor = Impostor::start(key(), ResponseTemplate::new(400).set_body_json(&body)).await;
        let error = impostor.sign().await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("could be quoted") && !shown.contains("Token") && !shown.contains("eyJ"), "{shown}");
        assert!(!shown.contains(TOKEN) && !shown.contains("CAES"), "{shown}");
    }
    let body = json!({"errors": ["line one\nline two\u{1b}[31m"]});
    let impostor = Impostor::start(key(), ResponseTemplate::new(400).set_body_json(&body)).await;
    let shown = impostor.sign().await.unwrap_err().to_string();
    assert!(shown.contains("line one line two") && !shown.contains('\u{1b}'), "{shown}");
}

fn json(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}
