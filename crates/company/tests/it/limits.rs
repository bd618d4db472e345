//! What the API lets in, and the one form of its error answers.

use crate::support::{Directory, Stand};
use bridge_jose::Algorithm;
use bridge_testkit::{TestCa, TestIssuer};
use bridge_types::{Clock, SystemClock};
use reqwest::{Method, Response};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const LIMIT: usize = 256 * 1024;

fn issuer() -> TestIssuer {
    TestIssuer::new("https://issuer.example", Algorithm::Es256)
}

fn token(issuer: &TestIssuer) -> String {
    let now = SystemClock::new().now();
    issuer.access_token("reader", "https://api.example", "notes:read notes:write", now).sign()
}

/// The code of an error answer, provided that it has the form that all of them have.
async fn code(answer: Response) -> String {
    let status = answer.status().as_u16();
    let correlation_id = answer.headers()["x-correlation-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(problem["status"], status, "{problem}");
    assert_eq!(problem["correlation_id"], correlation_id, "{problem}");
    assert_eq!(problem["type"], format!("urn:bridge:problem:{}", problem["code"].as_str().unwrap()));
    problem["code"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn every_error_is_problem_details_with_the_correlation_id() {
    let issuer = issuer();
    let stand = Stand::start_trusting(&issuer).await;
    let send = |method: Method, path: &str, media_type: &'static str, body: String| {
        let request = stand.http.request(method, stand.api(path)).bearer_auth(token(&issuer));
        request.header("content-type", media_type).body(body).send()
    };
    let json = "application/json";
    for (method, path, media_type, body, status, expected) in [
        (Method::GET, "/none", json, "", 404, "not_found"),
        (Method::DELETE, "/notes", json, "", 405, "method_not_allowed"),
        (Method::POST, "/notes", "text/plain", "{}", 415, "unsupported_media_type"),
        (Method::POST, "/notes", json, "{", 422, "validation_failed"),
        (Method::POST, "/notes", json, "{\"text\":1}", 422, "validation_failed"),
    ] {
        let answer = send(method, path, media_type, body.to_owned()).await.unwrap();
        assert_eq!(answer.status(), status, "{expected}");
        assert_eq!(code(answer).await, expected);
    }
    let created = send(Method::POST, "/notes", json, "{\"text\":\"hello\"}".to_owned()).await.unwrap();
    assert!(created.headers().contains_key("x-correlation-id"));
    assert_eq!((created.status().as_u16(), created.text().await.unwrap().as_str()), (201, "hello"));
    stand.company.stop().await;
}

#[actix_web::test]
async fn anybody_may_read_the_description_and_the_metadata_and_nothing_else() {
    let stand = Stand::start_trusting(&issuer()).await;
    let get = |path: &str| stand.http.get(stand.api(path)).send();
    assert_eq!(get("/openapi.json").await.unwrap().status(), 200);
    let metadata: Value =
        serde_json::from_str(&get("/.well-known/oauth-protected-resource").await.unwrap().text().await.unwrap())
            .unwrap();
    assert_eq!(metadata["resource"], "https://api.example");
    assert_eq!(metadata["scopes_supported"], serde_json::json!(["notes:read", "notes:write"]));
    for path in ["/notes", "/none", "/"] {
        assert_eq!(code(get(path).await.unwrap()).await, "token_missing", "{path}");
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_body_of_the_largest_size_is_read_and_one_byte_more_is_not() {
    let issuer = issuer();
    let stand = Stand::start_trusting(&issuer).await;
    for (size, chunked, status) in
        [(LIMIT, false, 201), (LIMIT + 1, false, 413), (LIMIT, true, 201), (LIMIT + 1, true, 413)]
    {
        let body = format!("{{\"text\":\"{}\"}}", "x".repeat(size - "{\"text\":\"\"}".len()));
        let request = stand.http.post(stand.api("/notes")).bearer_auth(token(&issuer));
        let request = request.header("content-type", "application/json");
        let chunks = body.as_bytes().chunks(10_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
        let chunks = futures_util::stream::iter(chunks.collect::<Vec<_>>());
        let request = if chunked { request.body(reqwest::Body::wrap_stream(chunks)) } else { request.body(body) };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{size} chunked: {chunked}");
        if status == 413 {
            assert_eq!(code(answer).await, "body_too_large");
        }
    }
    stand.company.stop().await;
}

/// Sends text to the API of a company without TLS and gives what comes back until it closes or falls silent.
async fn talk(stand: &Stand, text: String) -> String {
    let address = stand.addresses().api.address;
    tokio::task::spawn_blocking(move || talk_to(address, &text)).await.unwrap()
}

fn talk_to(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(answer).unwrap()
}

async fn without_tls() -> Stand {
    Stand::start_in(&TestCa::new(), Directory::without_tls).await
}

#[actix_web::test]
async fn what_is_too_large_by_its_head_is_refused_before_its_body_comes() {
    let stand = without_tls().await;
    let declared = format!("POST /notes HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", LIMIT + 1);
    let answer = talk(&stand, declared).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\"code\":\"body_too_large\"") && answer.contains("x-correlation-id"), "{answer}");

    let filler = format!("x: {}\r\n", "y".repeat(8 * 1024));
    let wide = format!("GET /notes HTTP/1.1\r\nhost: a\r\n{}\r\n", filler.repeat(5));
    let answer = talk(&stand, wide).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(answer.contains("\"code\":\"headers_too_large\"") && answer.contains("x-correlation-id"), "{answer}");
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_token_beyond_eight_kibibytes_is_refused() {
    let stand = Stand::start_trusting(&issuer()).await;
    let answer = stand.http.get(stand.api("/notes")).bearer_auth("x".repeat(8 * 1024 + 1)).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(code(answer).await, "token_too_large");
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_body_that_never_ends_does_not_hold_its_connection_after_the_refusal() {
    let stand = without_tls().await;
    let address = stand.addresses().api.address;
    let closed = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"POST /notes HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| String::from_utf8(answer).unwrap())
    })
    .await
    .unwrap();
    let answer = closed.expect("the connection is closed after the answer");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    stand.company.stop().await;
}

#[actix_web::test]
async fn each_listener_has_the_limits_of_the_configuration() {
    let issuer = issuer();
    let stand = Stand::start_in(&TestCa::new(), |directory| {
        directory.trust(&issuer);
        let limits = "[limits]\nrequests_per_second = 1\nrefusals_per_second = 2\n[telemetry]";
        directory.edit("company.toml", "[telemetry]", limits);
    })
    .await;
    let allowed = async |request: reqwest::RequestBuilder| {
        for sent in 0..100 {
            let answer = request.try_clone().unwrap().send().await.unwrap();
            if answer.status() == 429 {
                assert!(answer.headers().contains_key("retry-after"));
                return sent;
            }
        }
        panic!("was never limited");
    };
    // Time passes while they are sent, so a few more may come through.
    let served = allowed(stand.http.get(stand.api("/notes")).bearer_auth(token(&issuer))).await;
    let refused = allowed(stand.http.get(stand.api("/notes"))).await;
    let tokens = allowed(stand.http.post(format!("{}/token", stand.addresses().issuer.url))).await;
    assert!(
        (10..20).contains(&served) && (20..40).contains(&refused) && (20..40).contains(&tokens),
        "{served} {refused} {tokens}"
    );
    stand.company.stop().await;
}
