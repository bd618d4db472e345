//! The real fetcher against a real socket that answers whatever a test wants.

use bridge_validator::DocumentFetcher;
use bridge_validator::keys::{DocumentKind, FetchError, Fetched, HttpFetcher, Wanted};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// Answers one connection with these bytes and gives back the request.
async fn answering(answer: impl Into<Vec<u8>>) -> (Url, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap()).parse().unwrap();
    let answer = answer.into();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap();
        // The client may hang up in the middle of an answer that it does not want.
        let _ = stream.write_all(&answer).await;
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    (url, served)
}

async fn fetch(url: &Url, etag: Option<&str>) -> Result<Fetched, FetchError> {
    fetch_kind(url, DocumentKind::Json, etag).await
}

async fn fetch_kind(url: &Url, kind: DocumentKind, etag: Option<&str>) -> Result<Fetched, FetchError> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let redirects = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(redirects).no_proxy().build().unwrap();
    HttpFetcher::new(client, Duration::from_millis(500)).fetch(Wanted { url, kind, etag }).await
}

fn response(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn brings_body_etag_and_age() {
    for (header, age) in [
        ("Cache-Control: public, max-age=120", Some(120)),
        ("Cache-Control: MAX-AGE=\"7\"", Some(7)),
        ("Cache-Control: no-store", Some(0)),
        ("Cache-Control: max-age=60, no-cache", Some(0)),
        ("Cache-Control: max-age=-1", None),
        ("Cache-Control: max-age=soon", None),
        ("Content-Type: text/plain", None),
        ("Content-Encoding: identity", None),
        ("Content-Encoding: Identity", None),
    ] {
        let (url, served) = answering(response(&format!("200 OK\r\nETag: \"7\"\r\n{header}"), "{}")).await;
        let Fetched::Document(document) = fetch(&url, None).await.unwrap() else { panic!("{header}") };
        assert_eq!((&document.body[..], document.etag.as_deref()), (&b"{}"[..], Some("\"7\"")));
        assert_eq!(document.max_age, age.map(Duration::from_secs), "{header}");
        let request = served.await.unwrap().to_lowercase();
        assert!(request.contains("accept-encoding: identity") && !request.contains("if-none-match"), "{request}");
    }
}

#[tokio::test]
async fn asks_with_the_etag_at_hand() {
    let answer = "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=9\r\nConnection: close\r\n\r\n";
    let (url, served) = answering(answer).await;
    let Fetched::NotModified { max_age, .. } = fetch(&url, Some("\"7\"")).await.unwrap() else { panic!() };
    assert_eq!(max_age, Some(Duration::from_secs(9)));
    assert!(served.await.unwrap().to_lowercase().contains("if-none-match: \"7\""));
}

#[tokio::test]
async fn refuses_what_is_not_a_plain_document() {
    let large = "x".repeat(256 * 1024 + 1);
    let chunked =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    for (answer, words) in [
        (response("302 Found\r\nLocation: http://127.0.0.1:1/", ""), "found status 302"),
        (response("301 Moved\r\nLocation: /other", ""), "found status 301"),
        (response("204 No Content", ""), "found status 204"),
        (response("404 Not Found", "{}"), "found status 404"),
        (response("500 Broken", "{}"), "found status 500"),
        (response("200 OK\r\nContent-Encoding: gzip", "{}"), "found content encoding \"gzip\""),
        (response("200 OK\r\nContent-Encoding: br", "{}"), "found content encoding"),
        (
            response("200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: gzip", "{}"),
            "found content encoding \"gzip\"",
        ),
        (response("200 OK\r\nContent-Encoding: identity, gzip", "{}"), "found content encoding"),
        (response("200 OK", &large), "found 262145 bytes"),
        (chunked, "at most 262144 bytes, found more"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".to_owned(), "no answer"),
        ("not HTTP\r\n\r\n".to_owned(), "no answer"),
        (String::new(), "no answer"),
    ] {
        let (url, _served) = answering(answer.clone()).await;
        let error = fetch(&url, None).await.unwrap_err().to_string();
        assert!(error.contains(words), "{words} in: {error}");
        assert!(error.contains(url.as_str()), "{error}");
    }
}

#[tokio::test]
async fn reads_a_document_of_exactly_the_limit() {
    let (url, _served) = answering(response("200 OK", &"x".repeat(256 * 1024))).await;
    assert!(matches!(fetch(&url, None).await, Ok(Fetched::Document(document)) if document.body.len() == 256 * 1024));
}

#[tokio::test]
async fn reads_more_of_a_status_list_and_asks_for_one() {
    let list = "x".repeat(2 * 1024 * 1024);
    let (url, served) = answering(response("200 OK", &list)).await;
    let fetched = fetch_kind(&url, DocumentKind::StatusList, None).await;
    assert!(matches!(fetched, Ok(Fetched::Document(document)) if document.body.len() == list.len()));
    assert!(served.await.unwrap().contains("accept: application/statuslist+jwt"));

    let (url, _served) = answering(response("200 OK", &format!("{list}x"))).await;
    let error = fetch_kind(&url, DocumentKind::StatusList, None).await.unwrap_err().to_string();
    assert!(error.contains("expected at most 2097152 bytes, found 2097153 bytes"), "{error}");
}

#[tokio::test]
async fn tells_what_the_clock_of_the_server_shows() {
    for (header, second) in
        [("Date: Thu, 01 Jan 2026 00:00:00 GMT", Some(1_767_225_600)), ("Date: yesterday", None), ("Server: x", None)]
    {
        let (url, _served) = answering(response(&format!("200 OK\r\n{header}"), "{}")).await;
        let Fetched::Document(document) = fetch(&url, None).await.unwrap() else { panic!("{header}") };
        assert_eq!(document.date.map(jiff::Timestamp::as_second), second, "{header}");
    }
}

#[tokio::test]
async fn gives_up_on_a_server_that_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let error = fetch(&url, None).await.unwrap_err().to_string();
    assert!(error.contains("timed out"), "{error}");
    drop(listener);
    let error = fetch(&url, None).await.unwrap_err().to_string();
    assert!(error.contains("refused"), "{error}");
}

#[tokio::test]
async fn notices_a_redirect_that_the_client_followed() {
    let (target, _served) = answering(response("200 OK", "{}")).await;
    let (url, _served) = answering(response(&format!("302 Found\r\nLocation: {target}"), "")).await;
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let careless = reqwest::Client::builder().no_proxy().build().unwrap();
    let error = HttpFetcher::new(careless, Duration::from_secs(1))
        .fetch(Wanted { url: &url, kind: DocumentKind::Json, etag: None })
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(&format!("expected the address that was asked for, found {target}")), "{error}");
}
