//! Bodies flow both ways while they arrive, are whole or visibly broken, and are bounded where that is configured.

use crate::support::{Application, Issuer, Partner, Server, Settings, Stand, answer, eventually, start};
use bridge_sidecar::Sidecar;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A sidecar in front of any server.
async fn before(server: &Server, more: &str) -> (Issuer, Settings, Sidecar, Application) {
    let issuer = Issuer::start().await;
    let settings = tokio::task::block_in_place(|| Settings::new(&issuer.url(), &server.url()).with(more));
    let sidecar = start(&settings);
    let application = Application::of(&sidecar);
    (issuer, settings, sidecar, application)
}

/// A connection on which the head of a request was written.
async fn open(application: &Application, line: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(application.address).await.unwrap();
    let Application { address, key } = application;
    let head = format!("{line} HTTP/1.1\r\nhost: {address}\r\nbridge-caller-key: {key}\r\n{headers}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Reads until this text has come.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut received = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&received).contains(text) {
            let mut piece = [0; 1024];
            let read = stream.read(&mut piece).await.unwrap();
            assert!(read > 0, "closed before {text:?}: {}", String::from_utf8_lossy(&received));
            received.extend_from_slice(&piece[..read]);
        }
    };
    assert!(timeout(Duration::from_secs(5), reading).await.is_ok(), "{text:?} never came");
    String::from_utf8_lossy(&received).into_owned()
}

/// A server that answers each piece of a body with the same piece, at once.
async fn echo() -> Server {
    Server::start(|request| {
        Box::pin(async move {
            let pieces = request
                .into_body()
                .into_data_stream()
                .map(|piece| piece.map(Frame::data).map_err(std::io::Error::other));
            http::Response::new(StreamBody::new(pieces).boxed_unsync())
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_begins_before_the_request_has_ended() {
    let echo = echo().await;
    let (_issuer, _settings, _sidecar, application) = before(&echo, "").await;
    let mut stream = open(&application, "POST /company-b/a", "transfer-encoding: chunked\r\nconnection: close").await;
    for word in ["first", "second", "third"] {
        stream.write_all(format!("{:x}\r\n{word}\r\n", word.len()).as_bytes()).await.unwrap();
        read_until(&mut stream, word).await;
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    read_until(&mut stream, "0\r\n\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_breaks_off_is_broken_for_the_partner_too() {
    let outcomes: Arc<[AtomicUsize; 2]> = Arc::default();
    let seen = Arc::clone(&outcomes);
    let server = Server::start(move |request| {
        let seen = Arc::clone(&seen);
        Box::pin(async move {
            let whole = request.into_body().collect().await.is_ok();
            seen[usize::from(whole)].fetch_add(1, Ordering::Relaxed);
            answer(200, &[], "")
        })
    })
    .await;
    let (_issuer, _settings, _sidecar, application) = before(&server, "[limits]\nrepeatable_body = 0").await;
    for (framing, body) in [("transfer-encoding: chunked", "5\r\n12345\r\n"), ("content-length: 10", "12345")] {
        let mut stream = open(&application, "POST /company-b/a", framing).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(stream);
    }
    eventually("two broken bodies", async || (outcomes[0].load(Ordering::Relaxed) == 2).then_some(())).await;
    assert_eq!(outcomes[1].load(Ordering::Relaxed), 0, "a broken body looked whole");
}

/// A server whose answers come through a channel: a piece, or an error.
async fn scripted(
    headers: &'static [(&'static str, &'static str)],
) -> (Server, mpsc::Sender<Result<Bytes, std::io::Error>>, Arc<AtomicBool>) {
    let (pieces, receiver) = mpsc::channel(8);
    let (receiver, gone) = (Arc::new(std::sync::Mutex::new(Some(receiver))), Arc::new(AtomicBool::new(false)));
    let noted = Arc::clone(&gone);
    let server = Server::start(move |_| {
        let (receiver, guard) = (receiver.lock().unwrap().take().unwrap(), Noted(Arc::clone(&noted)));
        let body = stream::unfold((receiver, guard), |(mut receiver, guard)| async move {
            let piece: Result<Bytes, std::io::Error> = receiver.recv().await?;
            Some((piece.map(Frame::data), (receiver, guard)))
        });
        let mut answer = http::Response::new(StreamBody::new(body).boxed_unsync());
        for (name, value) in headers {
            answer.headers_mut().insert(*name, http::HeaderValue::from_static(value));
        }
        Box::pin(async move { answer })
    })
    .await;
    (server, pieces, gone)
}

/// Notes when the server drops its answer.
struct Noted(Arc<AtomicBool>);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_broken_for_the_application_too() {
    for headers in [&[][..], &[("content-length", "10")]] {
        let (server, pieces, _) = scripted(headers).await;
        let (_issuer, _settings, _sidecar, application) = before(&server, "").await;
        let mut stream = open(&application, "GET /company-b/a", "connection: close").await;
        pieces.send(Ok("12345".into())).await.unwrap();
        read_until(&mut stream, "12345").await;
        pieces.send(Err(std::io::Error::other("broken"))).await.unwrap();
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
        assert!(!String::from_utf8_lossy(&rest).contains("0\r\n\r\n"), "a broken answer looked whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_goes_away_frees_the_partner() {
    let (server, pieces, gone) = scripted(&[]).await;
    let (_issuer, _settings, _sidecar, application) = before(&server, "").await;
    let mut stream = open(&application, "GET /company-b/a", "connection: close").await;
    pieces.send(Ok("12345".into())).await.unwrap();
    read_until(&mut stream, "12345").await;
    assert!(!gone.load(Ordering::Relaxed));
    drop(stream);
    eventually("the end at the partner", async || gone.load(Ordering::Relaxed).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_a_size_and_a_pace_when_that_is_configured() {
    let limits = "[limits]\nrequest_body = 10\nresponse_body = 10\nbody_idle = \"1s\"\nrepeatable_body = 4";
    let partner = Partner::start(|seen| answer(200, &[], vec![b'x'; seen.uri.path()[1..].parse().unwrap_or(0)])).await;
    let stand = Stand::with(partner, |settings| settings.with(limits)).await;
    let application = &stand.application;
    for (head, body) in
        [("content-length: 11", &b"12345678901"[..]), ("transfer-encoding: chunked", b"b\r\n12345678901\r\n0\r\n\r\n")]
    {
        let reply = application.call(&format!("POST /company-b/a\n{head}"), body).await;
        assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"), "{head}");
    }
    for (length, sent) in [(4, ""), (8, "1234")] {
        let mut stream =
            open(application, "POST /company-b/a", &format!("content-length: {length}\r\nconnection: close")).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        assert!(String::from_utf8_lossy(&reply).contains("body_too_slow"), "{}", String::from_utf8_lossy(&reply));
    }
    assert_eq!(stand.partner.seen().len(), 0);
    assert_eq!(stand.call("GET /company-b/10").await.body.len(), 10);
    let large = stand.call("GET /company-b/11").await;
    assert!(large.body.len() <= 10, "{large:?}");
}
