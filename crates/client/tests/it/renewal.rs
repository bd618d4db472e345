use crate::support::{FakeIssuer, LIFETIME, audience, scopes, shown};
use bridge_client::TokenSource;
use jiff::SignedDuration;
use std::time::Duration;
use wiremock::ResponseTemplate;

async fn token(source: &TokenSource) -> String {
    shown(&source.token(&audience(), &scopes("a")).await.unwrap())
}

/// Waits, in real time, until the background has brought this token.
async fn wait_for_token(source: &TokenSource, expected: &str) {
    for _ in 0..500 {
        if token(source).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("expected {expected}, found {}", token(source).await);
}

#[tokio::test]
async fn a_token_in_use_is_renewed_before_it_expires_and_nobody_waits() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    token(&source).await;
    issuer.clock.advance(LIFETIME * 66 / 100);
    assert_eq!(token(&source).await, "token-1");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(issuer.token_requests().await.len(), 1, "renewed before two thirds of the life");

    issuer.dawdle(Duration::from_millis(100));
    issuer.clock.advance(LIFETIME * 14 / 100 + Duration::from_secs(1));
    for _ in 0..100 {
        assert_eq!(token(&source).await, "token-1", "somebody waited");
    }
    wait_for_token(&source, "token-2").await;
    assert_eq!(issuer.token_requests().await.len(), 2);
}

#[tokio::test]
async fn the_renewed_token_is_renewed_in_its_turn() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    for generation in 1..5 {
        wait_for_token(&source, &format!("token-{generation}")).await;
        issuer.clock.advance(LIFETIME * 81 / 100);
    }
}

#[tokio::test]
async fn a_token_that_nobody_uses_is_not_renewed() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    token(&source).await;
    issuer.clock.advance(LIFETIME);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(issuer.token_requests().await.len(), 1);
    assert!(source.cached(&audience(), &scopes("a")).is_none(), "an expired token was given");
    assert_eq!(token(&source).await, "token-2");
}

#[tokio::test]
async fn a_stepped_time_of_day_changes_nothing() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    token(&source).await;
    for hours in [100, -300] {
        issuer.clock.step(SignedDuration::from_hours(hours));
        assert_eq!(token(&source).await, "token-1");
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(issuer.token_requests().await.len(), 1);
}

#[tokio::test]
async fn many_who_hold_the_same_refused_token_cause_one_renewal() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    let refused = source.token(&audience(), &scopes("a")).await.unwrap();
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let (source, refused) = (source.clone(), refused.clone());
            tokio::spawn(async move { shown(&source.replace(&refused).await.unwrap()) })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-2");
    }
    issuer.clock.advance(Duration::from_secs(10));
    let late = source.replace(&refused).await.unwrap();
    assert_eq!(shown(&late), "token-2", "renewed again although it had been renewed since");
    assert_eq!(issuer.token_requests().await.len(), 2);
}

#[tokio::test]
async fn forced_renewals_are_a_second_apart() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    let first = source.token(&audience(), &scopes("a")).await.unwrap();
    let second = source.replace(&first).await.unwrap();
    assert!(source.replace(&second).await.unwrap().is_same(&second), "renewed twice within a second");
    issuer.clock.advance(Duration::from_secs(1));
    assert_eq!(shown(&source.replace(&second).await.unwrap()), "token-3");
    assert_eq!(issuer.token_requests().await.len(), 3);
}

#[tokio::test]
async fn a_token_that_arrives_after_its_end_is_not_used() {
    let issuer = FakeIssuer::start().await;
    issuer.dawdle(Duration::from_millis(200));
    let source = issuer.source();
    let asking = {
        let source = source.clone();
        tokio::spawn(async move { source.token(&audience(), &scopes("a")).await })
    };
    issuer.wait_for_requests(1).await;
    issuer.clock.advance(LIFETIME);
    let error = asking.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("token expired before it arrived"), "{error}");
}

#[tokio::test]
async fn a_failed_renewal_of_a_refused_token_says_so() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    let refused = source.token(&audience(), &scopes("a")).await.unwrap();
    issuer.fail(ResponseTemplate::new(500));
    source.replace(&refused).await.unwrap_err();
    assert!(source.token(&audience(), &scopes("a")).await.unwrap().is_same(&refused), "the token at hand was dropped");
}
