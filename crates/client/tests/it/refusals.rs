use crate::support::{FakeIssuer, Server, partner, request, scopes};
use bridge_client::{ApiRequest, CallError, Refusal};
use http::{HeaderValue, Method};
use serde_json::json;
use wiremock::matchers::{any, header};
use wiremock::{Mock, ResponseTemplate};

const ID: &str = "0190a5b0-0000-7000-8000-000000000001";

fn unauthorized() -> ResponseTemplate {
    ResponseTemplate::new(401).insert_header("www-authenticate", r#"Bearer realm="b", error="invalid_token""#)
}

/// A partner that accepts this token alone.
pub(crate) async fn accepting(token: &str) -> Server {
    let api = Server::start().await;
    let bearer = format!("Bearer {token}");
    Mock::given(header("authorization", bearer)).respond_with(ResponseTemplate::new(200)).mount(&api).await;
    Mock::given(any()).respond_with(unauthorized()).with_priority(9).mount(&api).await;
    api
}

fn refusal(error: CallError) -> Refusal {
    match error {
        CallError::Unauthorized { refusal, .. } | CallError::Forbidden { refusal, .. } => *refusal,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

pub(crate) async fn tokens_seen(api: &Server) -> Vec<String> {
    let received = api.received_requests().await.unwrap();
    received.iter().map(|request| request.headers["authorization"].to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_same_request_sent_again() {
    let (issuer, api) = (FakeIssuer::start().await, accepting("token-2").await);
    let call =
        ApiRequest::new(Method::POST, "/a?b=c", scopes("a")).body(HeaderValue::from_static("text/plain"), "body");
    let answer = partner(&issuer, &api.uri()).send(call).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(tokens_seen(&api).await, ["Bearer token-1", "Bearer token-2"]);
    let received = api.received_requests().await.unwrap();
    assert_eq!((&received[0].url, &received[0].body), (&received[1].url, &received[1].body));
    assert_eq!(received[0].headers["traceparent"], received[1].headers["traceparent"]);
}

#[tokio::test]
async fn a_second_refusal_is_final() {
    let (issuer, api) = (FakeIssuer::start().await, accepting("none").await);
    let partner = partner(&issuer, &api.uri());
    let error = partner.send(request("/")).await.unwrap_err();
    assert_eq!(error.to_string(), "company-b does not accept our token: 401 invalid_token");
    assert_eq!(tokens_seen(&api).await, ["Bearer token-1", "Bearer token-2"]);
    for _ in 0..10 {
        partner.send(request("/")).await.unwrap_err();
    }
    assert_eq!(issuer.token_requests().await.len(), 2, "a partner made us flood our own issuer");
    assert_eq!(tokens_seen(&api).await.len(), 12, "a token was tried again right after it had been refused");
}

#[tokio::test]
async fn many_refused_at_once_cause_one_renewal() {
    let (issuer, api) = (FakeIssuer::start().await, accepting("token-2").await);
    let partner = partner(&issuer, &api.uri());
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let partner = partner.clone();
            tokio::spawn(async move { partner.send(request("/")).await.unwrap().status() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    assert_eq!(issuer.token_requests().await.len(), 2);
}

#[tokio::test]
async fn when_the_renewal_fails_the_partners_word_stands() {
    let (issuer, api) = (FakeIssuer::start().await, accepting("none").await);
    let partner = partner(&issuer, &api.uri());
    partner.tokens().token(partner.audience(), &scopes("a")).await.unwrap();
    issuer.fail(ResponseTemplate::new(503));
    let error = partner.send(request("/")).await.unwrap_err();
    assert!(matches!(error, CallError::Unauthorized { .. }), "{error:?}");
    assert_eq!(tokens_seen(&api).await.len(), 1);
}

#[tokio::test]
async fn only_a_challenge_for_another_token_renews() {
    let challenges = [
        (401, ""),
        (401, "Bearer"),
        (401, r#"Bearer error="insufficient_scope""#),
        (401, r#"DPoP error="invalid_token""#),
        (401, r#"Basic error="invalid_token""#),
        (401, r#"Bearer error="invalid_token"#),
        (401, r#"Basic realm="Bearer error=invalid_token""#),
        (403, r#"Bearer error="invalid_token""#),
        (403, r#"Bearer error="insufficient_scope""#),
    ];
    for (status, challenge) in challenges {
        let api = Server::answering(ResponseTemplate::new(status).insert_header("www-authenticate", challenge)).await;
        let issuer = FakeIssuer::start().await;
        let error = partner(&issuer, &api.uri()).send(request("/")).await.unwrap_err();
        assert_eq!(refusal(error).response().status(), status);
        assert_eq!(tokens_seen(&api).await, ["Bearer token-1"], "{status} {challenge}");
        assert_eq!(issuer.token_requests().await.len(), 1, "{status} {challenge}");
    }
}

#[tokio::test]
async fn a_403_tells_what_is_missing_and_whom_to_quote() {
    let problem = json!({"type": "urn:bridge:problem:insufficient_scope", "title": "Insufficient scope", "status": 403,
        "code": "insufficient_scope", "required_scope": "shipments:write", "correlation_id": ID});
    let challenge = r#"Bearer error="insufficient_scope", scope="shipments:write""#;
    for answer in [
        ResponseTemplate::new(403).set_body_raw(problem.to_string(), "application/problem+json"),
        ResponseTemplate::new(403).set_body_raw(problem.to_string(), "Application/Problem+JSON; charset=utf-8"),
        ResponseTemplate::new(403).insert_header("www-authenticate", challenge).insert_header("x-correlation-id", ID),
    ] {
        let api = Server::answering(answer).await;
        let error = partner(&FakeIssuer::start().await, &api.uri()).send(request("/")).await.unwrap_err();
        assert!(matches!(error, CallError::Forbidden { .. }));
        let expected = format!(
            "company-b forbids the request: 403 insufficient_scope, needs scope \"shipments:write\", correlation id {ID}"
        );
        assert_eq!(error.to_string(), expected);
        let refusal = refusal(error);
        assert_eq!((refusal.code(), refusal.scope()), (Some("insufficient_scope"), Some("shipments:write")));
        assert_eq!(refusal.correlation_id().unwrap().to_string(), ID);
    }
}

#[tokio::test]
async fn hostile_texts_of_a_partner_are_cut_and_escaped() {
    let code = "\u{1b}[31m\n".repeat(200);
    let problem = json!({"code": code, "correlation_id": "\n"}).to_string();
    let api = Server::answering(ResponseTemplate::new(403).set_body_raw(problem, "application/problem+json")).await;
    let error = partner(&FakeIssuer::start().await, &api.uri()).send(request("/")).await.unwrap_err().to_string();
    assert!(!error.contains(['\n', '\u{1b}']) && error.len() < 1000, "{error}");
}
