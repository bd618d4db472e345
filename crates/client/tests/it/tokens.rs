use crate::support::{FakeIssuer, audience, scopes, shown};
use bridge_client::TokenError;
use bridge_jose::profile::AssertionClaims;
use bridge_jose::{UnverifiedToken, VerificationKey};
use bridge_types::Clock;
use std::collections::HashSet;
use std::time::Duration;
use wiremock::ResponseTemplate;

#[tokio::test]
async fn asks_for_exactly_what_the_caller_needs() {
    let issuer = FakeIssuer::start().await;
    issuer.source().token(&audience(), &scopes("shipments:write shipments:read")).await.unwrap();
    let mut requests = issuer.token_requests().await;
    assert_eq!(requests.len(), 1);
    let assertion = requests[0].remove("client_assertion").unwrap();
    let mut rest: Vec<(String, String)> = requests.remove(0).into_iter().collect();
    rest.sort();
    let expected = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_id", "order-service"),
        ("grant_type", "client_credentials"),
        ("resource", "https://api.company-b.example"),
        ("scope", "shipments:read shipments:write"),
    ];
    assert_eq!(rest, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    check_assertion(&issuer, &assertion);
}

fn check_assertion(issuer: &FakeIssuer, assertion: &str) {
    let token = UnverifiedToken::parse(assertion).unwrap();
    let key = VerificationKey::try_from(issuer.key.public()).unwrap();
    assert_eq!(token.header().typ(), Some("client-authentication+jwt"));
    let claims: AssertionClaims = token.verify(&key).unwrap().claims().unwrap();
    assert_eq!(claims.iss.as_str(), "order-service");
    assert_eq!(claims.sub, claims.iss);
    assert_eq!(claims.aud.as_str(), issuer.url().as_str());
    assert_eq!(claims.iat.unwrap().timestamp(), issuer.clock.now());
    assert_eq!(claims.exp.as_second() - claims.iat.unwrap().as_second(), 55);
}

#[tokio::test]
async fn each_assertion_has_its_own_id() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    for scope in ["a", "b", "c"] {
        source.token(&audience(), &scopes(scope)).await.unwrap();
    }
    let key = VerificationKey::try_from(issuer.key.public()).unwrap();
    let id = |assertion: &str| {
        let claims = UnverifiedToken::parse(assertion).unwrap().verify(&key).unwrap().claims::<AssertionClaims>();
        claims.unwrap().jti
    };
    let requests = issuer.token_requests().await;
    let ids: HashSet<_> = requests.iter().map(|request| id(&request["client_assertion"])).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_token_is_used_again_and_only_for_the_same_audience_and_scopes() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    let other: bridge_types::Audience = "https://api.company-b.example/".parse().unwrap();
    let mut tokens = HashSet::new();
    for _ in 0..3 {
        tokens.insert(shown(&source.token(&audience(), &scopes("a b")).await.unwrap()));
        tokens.insert(shown(&source.token(&audience(), &scopes("b a")).await.unwrap()));
        tokens.insert(shown(&source.token(&audience(), &scopes("a")).await.unwrap()));
        tokens.insert(shown(&source.token(&other, &scopes("a")).await.unwrap()));
    }
    assert_eq!(tokens.len(), 3);
    assert_eq!(issuer.token_requests().await.len(), 3);
}

#[tokio::test]
async fn ten_thousand_first_callers_cause_one_request() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    let callers: Vec<_> = (0..10_000)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { shown(&source.token(&audience(), &scopes("a")).await.unwrap()) })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-1");
    }
    assert_eq!(issuer.token_requests().await.len(), 1);
}

#[tokio::test]
async fn ten_thousand_callers_share_one_failure() {
    let issuer = FakeIssuer::start().await;
    issuer.fail(ResponseTemplate::new(503));
    let source = issuer.source();
    let callers: Vec<_> = (0..10_000)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { source.token(&audience(), &scopes("a")).await })
        })
        .collect();
    for caller in callers {
        assert!(matches!(caller.await.unwrap(), Err(TokenError::Unavailable(_))));
    }
    assert_eq!(issuer.token_requests().await.len(), 1);
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_nobody_along() {
    let issuer = FakeIssuer::start().await;
    issuer.dawdle(Duration::from_millis(200));
    let source = issuer.source();
    let first = {
        let source = source.clone();
        tokio::spawn(async move { source.token(&audience(), &scopes("a")).await })
    };
    issuer.wait_for_requests(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(shown(&source.token(&audience(), &scopes("a")).await.unwrap()), "token-1");
    assert_eq!(issuer.token_requests().await.len(), 1);
}

#[tokio::test]
async fn the_end_of_the_runtime_of_a_caller_takes_nobody_along() {
    let issuer = FakeIssuer::start().await;
    issuer.dawdle(Duration::from_millis(200));
    let source = issuer.source();
    let worker = {
        let source = source.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (audience, scopes) = (audience(), scopes("a"));
                let asking = source.token(&audience, &scopes);
                tokio::time::timeout(Duration::from_millis(50), asking).await.unwrap_err();
            });
        })
    };
    issuer.wait_for_requests(1).await;
    worker.join().unwrap();
    assert_eq!(shown(&source.token(&audience(), &scopes("a")).await.unwrap()), "token-1");
    assert_eq!(issuer.token_requests().await.len(), 1);
}
