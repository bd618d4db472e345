use crate::support::{FakeIssuer, Server, nowhere, partner, request, scopes};
use bridge_client::{ApiRequest, CallError, TraceParent};
use http::{HeaderName, HeaderValue, Method, header};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn a_call_carries_token_body_and_headers_to_the_configured_address() {
    let (issuer, api) = (FakeIssuer::start().await, Server::answering(ResponseTemplate::new(201)).await);
    let call = ApiRequest::new(Method::POST, "/shipments?dry=1", scopes("shipments:write"))
        .header(HeaderName::from_static("idempotency-key"), HeaderValue::from_static("k-1"))
        .json(&json!({"weight": 3}))
        .unwrap();
    let answer = partner(&issuer, &format!("{}/v1", api.uri())).send(call).await.unwrap();
    assert_eq!(answer.status(), 201);
    let received = api.received_requests().await.unwrap();
    let got = &received[0];
    assert_eq!((received.len(), got.method.as_str(), got.url.path()), (1, "POST", "/v1/shipments"));
    assert_eq!(got.url.query(), Some("dry=1"));
    assert_eq!(got.headers["authorization"], "Bearer token-1");
    assert_eq!(got.headers["idempotency-key"], "k-1");
    assert_eq!(got.headers["content-type"], "application/json");
    assert_eq!(got.body, br#"{"weight":3}"#);
    assert_eq!(issuer.token_requests().await[0]["scope"], "shipments:write");
}

#[tokio::test]
async fn the_answer_is_given_as_it_came() {
    let body = "not json";
    let id = "0190a5b0-0000-7000-8000-000000000001";
    let template = ResponseTemplate::new(503).set_body_string(body);
    let api = Server::answering(template.insert_header("retry-after", "7").insert_header("x-correlation-id", id)).await;
    let answer = partner(&FakeIssuer::start().await, &api.uri()).send(request("/")).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.body(), body);
    assert_eq!(answer.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(answer.correlation_id().unwrap().to_string(), id);
    assert!(answer.json::<serde_json::Value>().is_err());
    assert_eq!(api.received_requests().await.unwrap().len(), 1, "it was tried again");
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_token_reaches_another_host() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Server::answering(ResponseTemplate::new(200)).await;
        let redirect = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let api = Server::answering(redirect).await;
        let answer = partner(&FakeIssuer::start().await, &api.uri()).send(request("/")).await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0, "{status} was followed");
    }
}

#[tokio::test]
async fn a_path_that_leaves_the_base_sends_nothing() {
    let (issuer, api) = (FakeIssuer::start().await, Server::answering(ResponseTemplate::new(200)).await);
    let partner = partner(&issuer, &format!("{}/v1", api.uri()));
    for path in ["//evil.example/", "https://evil.example/", "/../admin", "/%2e%2e/admin", "/\\evil.example", "v1"] {
        let error = partner.send(request(path)).await.unwrap_err();
        assert!(matches!(error, CallError::Invalid(_)), "{path}: {error}");
    }
    assert_eq!(api.received_requests().await.unwrap().len(), 0);
    assert_eq!(issuer.token_requests().await.len(), 0, "a token was asked for a request that cannot be sent");
}

#[tokio::test]
async fn the_headers_of_token_and_transport_are_not_the_callers() {
    let (issuer, api) = (FakeIssuer::start().await, Server::answering(ResponseTemplate::new(200)).await);
    let partner = partner(&issuer, &api.uri());
    for name in [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
    ] {
        let call = request("/").header(name.clone(), HeaderValue::from_static("x"));
        let error = partner.send(call).await.unwrap_err().to_string();
        assert_eq!(error, format!("request not sent: header {name} cannot be set by the caller"));
    }
    assert_eq!(api.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_trace_of_the_caller_goes_on() {
    let (issuer, api) = (FakeIssuer::start().await, Server::answering(ResponseTemplate::new(200)).await);
    let partner = partner(&issuer, &api.uri());
    let parent = HeaderName::from_static("traceparent");
    let state = HeaderName::from_static("tracestate");
    let with_state = || request("/").header(state.clone(), HeaderValue::from_static("a=b"));
    let given = with_state().header(parent.clone(), HeaderValue::from_static(TRACE));
    let other: TraceParent = TRACE.replace("4b", "5b").parse().unwrap();

    partner.send(given.clone()).await.unwrap();
    other.scope(partner.send(request("/"))).await.unwrap();
    other.scope(partner.send(given)).await.unwrap();
    partner.send(request("/")).await.unwrap();
    partner.send(with_state().header(parent, HeaderValue::from_static("broken"))).await.unwrap();

    let received = api.received_requests().await.unwrap();
    let sent = |index: usize, name: &str| received[index].headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    assert_eq!(sent(0, "traceparent").as_deref(), Some(TRACE));
    assert_eq!(sent(0, "tracestate").as_deref(), Some("a=b"));
    assert_eq!(sent(1, "traceparent"), Some(other.to_string()));
    assert_eq!(sent(2, "traceparent").as_deref(), Some(TRACE));
    let new: Vec<TraceParent> = [3, 4].map(|i| sent(i, "traceparent").unwrap().parse().unwrap()).into();
    assert_ne!(new[0].trace_id(), new[1].trace_id());
    assert_eq!(sent(4, "tracestate"), None, "the state of a broken trace was kept");
}

#[tokio::test]
async fn an_answer_beyond_the_cap_is_not_read() {
    let api = Server::answering(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 4 * 1024 * 1024 + 1])).await;
    let error = partner(&FakeIssuer::start().await, &api.uri()).send(request("/")).await.unwrap_err();
    assert_eq!(error.to_string(), "company-b answered more than 4194304 bytes");
}

#[tokio::test]
async fn an_answer_without_length_or_end_is_cut_off_at_the_cap() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        assert!(caller.read(&mut [0; 4096]).await.unwrap() > 0);
        caller.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while caller.write_all(chunk.as_bytes()).await.is_ok() {}
    });
    let error = partner(&FakeIssuer::start().await, &url).send(request("/")).await.unwrap_err();
    assert_eq!(error.to_string(), "company-b answered more than 4194304 bytes");
    server.await.unwrap();
}

#[tokio::test]
async fn not_sent_is_told_from_not_answered() {
    let issuer = FakeIssuer::start().await;
    let (_socket, url) = nowhere();
    let error = partner(&issuer, &url).send(request("/")).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent { .. }), "{error:?}");

    let api = Server::answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let call = request("/").time_out(Duration::from_millis(100));
    let error = partner(&issuer, &api.uri()).send(call).await.unwrap_err();
    assert!(matches!(error, CallError::NoAnswer { .. }), "{error:?}");
    assert_eq!(api.received_requests().await.unwrap().len(), 1, "it was tried again");
}

#[tokio::test]
async fn without_a_token_the_partner_is_not_contacted() {
    let (issuer, api) = (FakeIssuer::start().await, Server::answering(ResponseTemplate::new(200)).await);
    issuer.fail(ResponseTemplate::new(503));
    let error = partner(&issuer, &api.uri()).send(request("/")).await.unwrap_err();
    assert!(matches!(error, CallError::Token(_)), "{error:?}");
    assert_eq!(api.received_requests().await.unwrap().len(), 0);
}
