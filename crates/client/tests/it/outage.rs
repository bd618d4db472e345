use crate::support::{FakeIssuer, LIFETIME, audience, http, nowhere, scopes, shown};
use bridge_client::{BearerToken, TokenError, TokenFailure, TokenSource};
use bridge_testkit::ManualClock;
use bridge_types::{Clock, OwnIssuer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wiremock::ResponseTemplate;

const MOMENT: Duration = Duration::from_millis(100);

async fn token(source: &TokenSource) -> Result<BearerToken, TokenError> {
    source.token(&audience(), &scopes("a")).await
}

fn down() -> ResponseTemplate {
    ResponseTemplate::new(503)
}

#[tokio::test]
async fn while_the_issuer_is_down_the_token_serves_until_it_expires() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    token(&source).await.unwrap();
    issuer.fail(down());
    for _ in 0..9 {
        issuer.clock.advance(LIFETIME / 10);
        assert_eq!(shown(&token(&source).await.unwrap()), "token-1");
        tokio::time::sleep(MOMENT).await;
    }
    assert!(issuer.token_requests().await.len() > 1, "nobody tried to renew");

    issuer.clock.advance(LIFETIME / 10);
    assert!(matches!(token(&source).await, Err(TokenError::Unavailable(_))), "an expired token was given");
}

#[tokio::test]
async fn the_error_names_the_issuer_the_time_and_the_cause() {
    let issuer = FakeIssuer::start().await;
    issuer.fail(down());
    let source = issuer.source();
    let since = issuer.clock.now();
    token(&source).await.unwrap_err();
    issuer.clock.advance(Duration::from_mins(1));
    let error = token(&source).await.unwrap_err();
    let outage = error.outage().unwrap();
    assert_eq!((outage.issuer(), outage.since()), (&issuer.url(), since));
    assert!(matches!(outage.cause(), TokenFailure::Status { status: 503, .. }));
    let text = error.to_string();
    for part in [issuer.url().as_str(), "since 2026-01-01T00:00:00Z", "/token answered 503", "next attempt in"] {
        assert!(text.contains(part), "expected {part} in: {text}");
    }
}

#[tokio::test]
async fn an_issuer_that_is_not_there_is_named_with_its_address() {
    let issuer = FakeIssuer::start().await;
    let (_socket, url) = nowhere();
    let nobody = OwnIssuer::new(url.parse().unwrap());
    let source = TokenSource::new(nobody, issuer.credential.clone(), http(), issuer.clock.clone());
    let error = token(&source).await.unwrap_err();
    assert_eq!(error.reason(), "unavailable");
    let text = error.to_string();
    assert!(text.contains(&format!("no answer from {url}/.well-known")), "{text}");
    assert!(text.contains("refused"), "the cause is missing: {text}");
}

#[tokio::test]
async fn after_a_failure_nobody_asks_again_until_the_pause_is_over() {
    let issuer = FakeIssuer::start().await;
    issuer.fail(down());
    let source = issuer.source();
    let mut pauses = Vec::new();
    for attempt in 1..=6 {
        let error = token(&source).await.unwrap_err();
        for _ in 0..100 {
            token(&source).await.unwrap_err();
        }
        assert_eq!(issuer.token_requests().await.len(), attempt);
        let pause = error.outage().unwrap().retry_in();
        issuer.clock.advance(pause + Duration::from_millis(1));
        pauses.push(pause.as_secs_f64());
    }
    for (step, pause) in pauses.iter().enumerate() {
        let shortest = 0.5 * f64::from(1 << step);
        assert!((shortest..=shortest * 2.0).contains(pause), "pauses were {pauses:?}");
    }
}

#[tokio::test]
async fn retry_after_is_honoured_in_both_forms_and_capped() {
    for (value, expected) in [
        ("60", Duration::from_mins(1)),
        ("Thu, 01 Jan 2026 00:02:00 GMT", Duration::from_mins(2)),
        ("86400", Duration::from_mins(5)),
    ] {
        let issuer = FakeIssuer::start().await;
        issuer.fail(ResponseTemplate::new(429).insert_header("retry-after", value));
        let source = issuer.source();
        let error = token(&source).await.unwrap_err();
        assert_eq!(error.outage().unwrap().retry_in(), expected, "{value}");
        issuer.clock.advance(expected.saturating_sub(Duration::from_secs(1)));
        token(&source).await.unwrap_err();
        assert_eq!(issuer.token_requests().await.len(), 1, "{value} was not honoured");
        issuer.recover();
        issuer.clock.advance(Duration::from_secs(1));
        assert_eq!(shown(&token(&source).await.unwrap()), "token-1", "{value}");
    }
}

#[tokio::test]
async fn recovery_ends_the_outage_and_its_growing_pauses() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    for _ in 0..2 {
        issuer.fail(down());
        let error = token(&source).await.unwrap_err();
        let outage = error.outage().unwrap();
        assert_eq!(outage.since(), issuer.clock.now(), "the outage of before goes on");
        assert!(outage.retry_in() <= Duration::from_secs(1), "the pause went on growing: {error}");
        issuer.recover();
        issuer.clock.advance(Duration::from_secs(1));
        token(&source).await.unwrap();
        issuer.clock.advance(LIFETIME);
    }
}

#[tokio::test]
async fn a_failure_of_one_slot_is_not_that_of_another() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    issuer.answer_next(ResponseTemplate::new(400).set_body_json(serde_json::json!({"error": "invalid_scope"})));
    assert!(matches!(token(&source).await, Err(TokenError::Refused(_))));
    source.token(&audience(), &scopes("b")).await.unwrap();
    assert!(matches!(token(&source).await, Err(TokenError::Refused(_))));
}

/// A clock that breaks once, in the middle of a request: an assertion says when it was made.
#[derive(Debug)]
struct Trap {
    clock: Arc<ManualClock>,
    armed: AtomicBool,
}

impl Clock for Trap {
    fn now(&self) -> jiff::Timestamp {
        assert!(!self.armed.swap(false, Ordering::SeqCst), "on purpose");
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

#[tokio::test]
async fn a_panic_in_a_request_is_a_failure_with_a_pause_after_it() {
    let issuer = FakeIssuer::start().await;
    let clock = Arc::new(Trap { clock: issuer.clock.clone(), armed: AtomicBool::new(true) });
    let source = TokenSource::new(OwnIssuer::new(issuer.url()), issuer.credential.clone(), http(), clock);
    let error = token(&source).await.unwrap_err();
    let TokenError::Unavailable(outage) = &error else { panic!("{error}") };
    assert!(matches!(outage.cause(), TokenFailure::Panicked), "{error}");
    assert!(outage.retry_in() >= Duration::from_millis(500), "{error}");
    assert!(matches!(token(&source).await, Err(TokenError::Unavailable(_))), "asked again at once");
    assert!(issuer.token_requests().await.is_empty());
    issuer.clock.advance(outage.retry_in() + Duration::from_millis(1));
    assert_eq!(shown(&token(&source).await.unwrap()), "token-1");
}
