use crate::support::{FakeIssuer, audience, scopes};
use bridge_client::{TokenError, TokenFailure};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// What a client says whose issuer publishes this.
async fn refusal(issuer: &FakeIssuer, metadata: ResponseTemplate) -> TokenError {
    Mock::given(method("GET"))
        .and(path(WELL_KNOWN))
        .respond_with(metadata)
        .with_priority(1)
        .mount(issuer.server())
        .await;
    let error = issuer.source().token(&audience(), &scopes("a")).await.unwrap_err();
    assert_eq!(issuer.token_requests().await.len(), 0, "an assertion was sent");
    error
}

fn document(issuer: &str, token_endpoint: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"issuer": issuer, "token_endpoint": token_endpoint}))
}

#[tokio::test]
async fn the_metadata_of_another_issuer_is_refused() {
    let issuer = FakeIssuer::start().await;
    let uri = issuer.server().uri();
    let error = refusal(&issuer, document(&format!("{uri}/"), &format!("{uri}/token"))).await;
    assert!(matches!(error, TokenError::Unacceptable(_)), "{error}");
    let expected = format!("expected {uri}, found \"{uri}/\"");
    assert!(error.to_string().contains(&expected), "expected {expected} in {error}");
}

#[tokio::test]
async fn a_token_endpoint_elsewhere_is_refused_and_not_contacted() {
    let (issuer, partner) = (FakeIssuer::start().await, FakeIssuer::start().await);
    let error = refusal(&issuer, document(&issuer.server().uri(), &format!("{}/token", partner.server().uri()))).await;
    assert!(matches!(error.outage().unwrap().cause(), TokenFailure::ForeignTokenEndpoint { .. }), "{error}");
    assert_eq!(partner.server().received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn metadata_elsewhere_is_not_fetched() {
    let (issuer, partner) = (FakeIssuer::start().await, FakeIssuer::start().await);
    let target = format!("{}{WELL_KNOWN}", partner.server().uri());
    let error = refusal(&issuer, ResponseTemplate::new(302).insert_header("location", target)).await;
    assert!(matches!(error, TokenError::Unavailable(_)), "{error}");
    assert_eq!(partner.server().received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn what_is_not_metadata_is_refused() {
    for body in [json!({}), json!([]), json!("x"), Value::Null, json!({"issuer": 1, "token_endpoint": 2})] {
        let issuer = FakeIssuer::start().await;
        let error = refusal(&issuer, ResponseTemplate::new(200).set_body_json(&body)).await;
        assert!(error.to_string().contains("authorization server metadata"), "{body}: {error}");
    }
    let issuer = FakeIssuer::start().await;
    let error = refusal(&issuer, ResponseTemplate::new(200).set_body_string("x".repeat(70_000))).await;
    assert!(error.to_string().contains("more than 65536 bytes"), "{error}");
}

#[tokio::test]
async fn the_token_endpoint_is_looked_up_once_and_again_after_a_failure() {
    let issuer = FakeIssuer::start().await;
    let source = issuer.source();
    let looked_up = async || {
        let received = issuer.server().received_requests().await.unwrap();
        received.iter().filter(|request| request.url.path() == WELL_KNOWN).count()
    };
    for scope in ["a", "b", "c"] {
        source.token(&audience(), &scopes(scope)).await.unwrap();
    }
    assert_eq!(looked_up().await, 1);
    issuer.answer_next(ResponseTemplate::new(404));
    source.token(&audience(), &scopes("d")).await.unwrap_err();
    source.token(&audience(), &scopes("e")).await.unwrap();
    assert_eq!(looked_up().await, 2);
}
