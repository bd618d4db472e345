use crate::refusals::{accepting, tokens_seen};
use crate::support::{FakeIssuer, Server, nowhere, partner, request, scopes};
use bridge_client::{ApiRequest, CallError, FlowingAnswer};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use reqwest::Body;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

fn post() -> ApiRequest {
    ApiRequest::new(Method::POST, "/", scopes("a"))
}

/// A body of so many pieces, with a pause before each.
fn pieces(count: usize, pause: Duration) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + Sync {
    stream::unfold(0, move |sent| async move {
        tokio::time::sleep(pause).await;
        (sent < count).then(|| (Ok(vec![b'x'; 1000]), sent + 1))
    })
}

fn flowing(count: usize) -> Body {
    Body::wrap_stream(pieces(count, Duration::ZERO))
}

async fn read(answer: FlowingAnswer) -> Vec<u8> {
    answer.into_parts().1.collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn both_bodies_arrive_whole() {
    let issuer = FakeIssuer::start().await;
    let api = Server::answering(ResponseTemplate::new(201).set_body_bytes(vec![b'y'; 100_000])).await;
    let answer = partner(&issuer, &api.uri()).forward(post(), Some(flowing(300))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(read(answer).await.len(), 100_000);
    assert_eq!(api.received_requests().await.unwrap()[0].body.len(), 300_000);
}

#[tokio::test]
async fn a_body_at_hand_is_sent_once_more_with_a_new_token() {
    let (issuer, api) = (FakeIssuer::start().await, accepting("token-2").await);
    let call = post().body(HeaderValue::from_static("text/plain"), "body");
    let answer = partner(&issuer, &api.uri()).forward(call, None).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(tokens_seen(&api).await, ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(api.received_requests().await.unwrap()[1].body, b"body");
}

#[tokio::test]
async fn a_flowing_body_is_sent_once_and_the_next_call_has_a_new_token() {
    let (issuer, api) = (FakeIssuer::start().await, accepting("token-2").await);
    let partner = partner(&issuer, &api.uri());
    let answer = partner.forward(post(), Some(flowing(1))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    issuer.wait_for_requests(2).await;
    assert_eq!(partner.forward(post(), Some(flowing(1))).await.unwrap().status(), StatusCode::OK);
    assert_eq!(tokens_seen(&api).await, ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn every_status_is_an_answer() {
    let issuer = FakeIssuer::start().await;
    for status in [301, 400, 401, 403, 404, 429, 500, 503] {
        let api =
            Server::answering(ResponseTemplate::new(status).insert_header("location", "https://evil.example")).await;
        let answer = partner(&issuer, &api.uri()).forward(request("/"), None).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(api.received_requests().await.unwrap().len(), 1, "{status} was answered with another request");
    }
}

#[tokio::test]
async fn a_silent_partner_is_given_up_and_a_slow_caller_is_not() {
    let issuer = FakeIssuer::start().await;
    let api = Server::answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    for body in [None, Some(flowing(1))] {
        let call = post().time_out(Duration::from_millis(100));
        let error = partner(&issuer, &api.uri()).forward(call, body).await.unwrap_err();
        assert!(matches!(error, CallError::Late { .. }), "{error:?}");
    }
    let api = Server::answering(ResponseTemplate::new(200)).await;
    let slowly = Body::wrap_stream(pieces(3, Duration::from_millis(300)));
    let call = post().time_out(Duration::from_millis(100));
    let answer = partner(&issuer, &api.uri()).forward(call, Some(slowly)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(api.received_requests().await.unwrap()[0].body.len(), 3000);
}

#[tokio::test]
async fn a_partner_that_stops_reading_is_given_up() {
    let issuer = FakeIssuer::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let _deaf = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        assert!(caller.read(&mut [0; 64]).await.unwrap() > 0);
        tokio::time::sleep(Duration::from_mins(1)).await;
    });
    let call = post().time_out(Duration::from_millis(300));
    let error = partner(&issuer, &url).forward(call, Some(flowing(100_000))).await.unwrap_err();
    assert!(matches!(error, CallError::Late { .. }), "{error:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_never_looks_whole_to_the_partner() {
    let issuer = FakeIssuer::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let partner_side = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        caller.read_to_end(&mut received).await.ok();
        caller.shutdown().await.ok();
        received
    });
    let gone = stream::once(async { Err(io::Error::other("the caller went away")) });
    let broken = pieces(2, Duration::from_millis(50)).chain(gone);
    let error = partner(&issuer, &url).forward(post(), Some(Body::wrap_stream(broken))).await.unwrap_err();
    assert!(matches!(error, CallError::NoAnswer { .. }), "{error:?}");
    let received = String::from_utf8(partner_side.await.unwrap()).unwrap();
    assert!(received.contains("transfer-encoding: chunked"), "{received}");
    assert!(!received.ends_with("0\r\n\r\n"), "the partner saw a whole body: {received}");
}

#[tokio::test]
async fn not_sent_is_told_from_not_answered() {
    let (_socket, url) = nowhere();
    let error = partner(&FakeIssuer::start().await, &url).forward(request("/"), None).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent { .. }), "{error:?}");
}
