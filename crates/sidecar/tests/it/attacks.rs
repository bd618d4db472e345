//! Our own attacks: requests that no library would write, and partners that answer with malice.

use crate::support::{Partner, Reply, Stand, answer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request line and headers in which `{HOST}` and `{KEY}` are those of the sidecar. Written with `\n`, sent with CRLF.
async fn send(stand: &Stand, text: &str) -> Reply {
    let application = &stand.application;
    let text = text.replace("{HOST}", &application.address.to_string()).replace("{KEY}", &application.key);
    application.send(text.replace('\n', "\r\n").as_bytes()).await
}

const ADMITTED: &str = "host: {HOST}\nbridge-caller-key: {KEY}\nconnection: close\n";

#[tokio::test(flavor = "multi_thread")]
async fn no_target_leads_out_of_the_configured_partner() {
    let stand = Stand::start().await;
    for target in [
        "http://evil.example/company-b/a",
        "http://{HOST}/company-b/a",
        "HTTP://{HOST}/company-b/a",
        "http://company-b@evil.example/a",
        "//evil.example/company-b/a",
        "//{HOST}/company-b/a",
        "/company-b//evil.example/a",
        "/company-b///a",
        "/company-b/../company-c/a",
        "/company-b/..",
        "/company-b/./a",
        "/company-b/a/../../b",
        "/company-b/..;/admin",
        "/company-b/..;x=y/admin",
        "/company-b/.;/admin",
        "/company-b/%2e%2e/admin",
        "/company-b/%2E%2e;/admin",
        "/company-b/.%2e/admin",
        "/company-b/%2e/a",
        "/company-b/a%2fb",
        "/company-b/..%2fadmin",
        "/company-b/%2f%2fevil.example",
        "/company-b%2fa",
        "/company-b/..%5cadmin",
        "/company-b/\\evil.example",
        "/company-b/..\\admin",
        "/company-b/%00",
        "/company-b/a%zz",
        "/company-b/a%2",
        "/company-b@evil.example/a",
        "/company-b:443/a",
        "/company-b?/a/../b%zz",
        "/../company-b/a",
        "/./company-b/a",
        "/%2e%2e/company-b/a",
        "company-b/a",
        "*",
        "",
        "evil.example:443",
    ] {
        for method in ["GET", "POST"] {
            let reply = send(&stand, &format!("{method} {target} HTTP/1.1\n{ADMITTED}\n")).await;
            assert!((400..500).contains(&reply.status), "{method} {target}: {reply:?}");
        }
    }
    for request in
        ["CONNECT evil.example:443", "CONNECT {HOST}", "CONNECT /company-b/a", "OPTIONS *", "TRACE /company-b/a"]
    {
        let reply = send(&stand, &format!("{request} HTTP/1.1\n{ADMITTED}\n")).await;
        assert!((400..500).contains(&reply.status), "{request}: {reply:?}");
    }
    assert_eq!((stand.partner.seen().len(), stand.issuer.asked().len()), (0, 0), "{:?}", stand.partner.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_but_legal_paths_reach_the_partner_unchanged() {
    let stand = Stand::start().await;
    for path in [
        "/@evil.example",
        "/a%20b",
        "/%25%32%65",
        "/a//b",
        "/...",
        "/a;b=c",
        "/%0d%0aHost:%20evil.example",
        "/a?b=../..",
        "/?//",
    ] {
        assert_eq!(stand.call(&format!("GET /company-b{path}")).await.status, 200, "{path}");
        let seen = stand.partner.seen().pop().unwrap();
        assert_eq!(seen.uri.to_string(), path);
        assert_eq!(seen.headers.get_all("host").iter().count(), 1);
    }
}

const SMUGGLED: &str = "GET /company-b/smuggled HTTP/1.1\nhost: {HOST}\nbridge-caller-key: {KEY}\n\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_can_be_read_in_two_ways_is_refused() {
    let stand = Stand::start().await;
    for framing in [
        "transfer-encoding: chunked\ntransfer-encoding: identity",
        "transfer-encoding: identity\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\ntransfer-encoding: chunked",
        "transfer-encoding: identity",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding : chunked",
        "transfer-encoding:\u{b}chunked",
        "transfer-encoding: \"chunked\"",
        " transfer-encoding: chunked",
        "x: y\n transfer-encoding: chunked",
        "content-length: 4\ncontent-length: 5",
        "content-length: 4, 4",
        "content-length: 4, 5",
        "content-length: +4",
        "content-length: -4",
        "content-length: 0x4",
        "content-length: 4 4",
        "content-length: ",
        "content-length: 99999999999999999999999",
        "content-length : 4",
    ] {
        let head = format!("POST /company-b/a HTTP/1.1\n{ADMITTED}{framing}\n\n");
        let reply = send(&stand, &format!("{head}0\n\n{SMUGGLED}")).await;
        assert_eq!(reply.status, 400, "{framing}: {reply:?}");
    }
    let old = format!("POST /company-b/a HTTP/1.0\n{ADMITTED}transfer-encoding: chunked\n\n0\n\n{SMUGGLED}");
    assert_eq!(send(&stand, &old).await.status, 400);
    let paths: Vec<String> = stand.partner.seen().iter().map(|seen| seen.uri.to_string()).collect();
    assert!(paths.is_empty(), "the partner saw {paths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_beside_chunks_is_ignored_and_nothing_after_it_is_read() {
    let stand = Stand::start().await;
    for (number, framing) in [
        "content-length: 4\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\ncontent-length: 4",
        "content-length: 0\ntransfer-encoding: chunked",
        "transfer-encoding: Chunked\ncontent-length: 9",
    ]
    .into_iter()
    .enumerate()
    {
        let head = "POST /company-b/a HTTP/1.1\nhost: {HOST}\nbridge-caller-key: {KEY}\n";
        let reply = send(&stand, &format!("{head}{framing}\n\n2\nab\n0\n\n{SMUGGLED}")).await;
        assert_eq!((reply.status, reply.text()), (200, "hello"), "{framing}");
        let seen = stand.partner.seen();
        assert_eq!(seen.len(), number + 1, "{framing}: {seen:?}");
        let last = seen.last().unwrap();
        assert_eq!((last.uri.path(), &last.body[..]), ("/a", &b"ab"[..]), "{framing}");
        assert!(
            last.headers.contains_key("content-length") != last.headers.contains_key("transfer-encoding"),
            "{last:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_request_is_a_request_of_its_own_and_is_checked_as_one() {
    let stand = Stand::start().await;
    let first = "POST /company-b/first HTTP/1.1\nhost: {HOST}\nbridge-caller-key: {KEY}\ncontent-length: 2\n\nab";
    let second = "GET /company-b/second HTTP/1.1\nhost: {HOST}\nconnection: close\n\n";
    let replies = send(&stand, &format!("{first}{second}")).await;
    let rest = String::from_utf8_lossy(&replies.body).into_owned();
    assert_eq!(replies.status, 200);
    assert!(
        rest.contains("HTTP/1.1 403") && rest.contains("caller_unknown"),
        "the key of one was taken for the other: {rest}"
    );
    let seen = stand.partner.only();
    assert_eq!((seen.uri.path(), &seen.body[..]), ("/first", &b"ab"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_lie_do_not_reach_the_partner_as_a_whole_body() {
    let stand = Stand::start().await;
    for body in
        ["5\nab", "zz\nab\n0\n\n", "2\nabc\n0\n\n", "-1\nab\n0\n\n", "ffffffffffffffffff\nab\n0\n\n", "2;a=\"\nab"]
    {
        let request = format!("POST /company-b/a HTTP/1.1\n{ADMITTED}transfer-encoding: chunked\n\n{body}");
        let reply = send(&stand, &request);
        let reply = tokio::time::timeout(std::time::Duration::from_millis(500), reply).await;
        assert!(reply.is_err() || reply.unwrap().status != 200, "{body:?} was accepted");
    }
    assert_eq!(stand.partner.seen().len(), 0, "{:?}", stand.partner.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_no_headers_are_refused() {
    let stand = Stand::start().await;
    for header in [
        "authorization : Bearer own",
        "authorization\t: Bearer own",
        "\u{1}x: y",
        "x y: z",
        ": empty",
        "x",
        "x: a\u{0}b",
        "(x): y",
    ] {
        let reply = send(&stand, &format!("GET /company-b/a HTTP/1.1\n{ADMITTED}{header}\n\n")).await;
        assert_eq!(reply.status, 400, "{header:?}: {reply:?}");
    }
    let large = send(&stand, &format!("GET /company-b/a HTTP/1.1\n{ADMITTED}x: {}\n\n", "y".repeat(40_000))).await;
    assert_eq!(large.status, 431, "{large:?}");
    let many = send(&stand, &format!("GET /company-b/a HTTP/1.1\n{ADMITTED}{}\n", "x: y\n".repeat(200))).await;
    assert_eq!(many.status, 431, "{many:?}");
    let long = send(&stand, &format!("GET /company-b/{} HTTP/1.1\n{ADMITTED}\n", "a".repeat(70_000))).await;
    assert!([414, 431].contains(&long.status), "{long:?}");
    assert_eq!(stand.partner.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_cannot_talk_the_token_away_nor_the_caller_key_through() {
    let stand = Stand::start().await;
    for headers in [
        "connection: authorization",
        "connection: close, Authorization, traceparent, host",
        "x: y\nconnection: bridge-caller-key",
    ] {
        assert_eq!(stand.call(&format!("GET /company-b/a\n{headers}")).await.status, 200);
        let seen = stand.partner.seen().pop().unwrap();
        assert_eq!(seen.token(), "token-1", "{headers}");
        assert!(
            seen.headers.contains_key("traceparent") && !seen.headers.contains_key("bridge-caller-key"),
            "{headers}"
        );
    }
    let chunks = b"2\r\nab\r\n0\r\nauthorization: Bearer own\r\nx-late: 1\r\n\r\n";
    let head = "POST /company-b/a\ntransfer-encoding: chunked\ntrailer: authorization, x-late";
    assert_eq!(stand.application.call(head, chunks).await.status, 200);
    let seen = stand.partner.seen().pop().unwrap();
    assert_eq!((seen.headers.get_all("authorization").iter().count(), seen.token()), (1, "token-1"));
    assert!(!seen.headers.contains_key("x-late") && !seen.headers.contains_key("trailer"));
}

/// A partner that answers with the status in the path and leads to this location.
async fn leading(location: String) -> Stand {
    let redirecting = Partner::start(move |seen| {
        let status = seen.uri.path()[1..].parse().unwrap();
        answer(status, &[("location", &location)], "")
    });
    Stand::with(redirecting.await, |settings| settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_handed_back_and_never_followed() {
    let stand = leading("https://elsewhere.example/stolen".to_owned()).await;
    for status in [301, 302, 303, 307, 308] {
        let reply = stand.application.call(&format!("POST /company-b/{status}\ncontent-length: 2"), b"ab").await;
        assert_eq!((reply.status, reply.header("location")), (status, Some("https://elsewhere.example/stolen")));
        assert!(!reply.head.contains("token-1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_partner_leads_the_application_to_another_partner_through_the_sidecar() {
    let inside = leading("/company-c/cancel?all=1".to_owned()).await;
    for status in [201, 307] {
        let reply = inside.application.call(&format!("POST /company-b/{status}"), b"").await;
        // Read as a path of the sidecar, what the partner wrote would have named another partner.
        assert_eq!((reply.status, reply.header("location")), (status, Some("/company-b/company-c/cancel?all=1")));
    }
    let sidecars = leading("http://127.0.0.1:8470/company-c/cancel".to_owned()).await;
    let reply = sidecars.call("GET /company-b/307").await;
    assert_eq!((reply.status, reply.code().as_str()), (502, "answer_not_acceptable"));
    assert_eq!((reply.header("location"), &reply.json()["partner_may_have_acted"]), (None, &true.into()));
    let created = sidecars.call("GET /company-b/201").await;
    assert_eq!((created.status, created.header("location")), (201, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_one_partner_does_not_reach_another() {
    let cookies = [("set-cookie", "session=1; Path=/"), ("strict-transport-security", "max-age=99")];
    let partner = Partner::start(move |_| answer(200, &cookies, "fine")).await;
    let stand = Stand::with(partner, |settings| settings).await;
    let reply = stand.call("GET /company-b/a").await;
    assert_eq!(
        (reply.status, reply.header("set-cookie"), reply.header("strict-transport-security")),
        (200, None, None)
    );
    let refused = stand.call("GET /company-b/a\ncookie: session=1").await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "credentials_not_accepted"));
    assert_eq!(stand.partner.seen().len(), 1);
}

/// A partner that writes these bytes as its answer to whatever comes, on each connection.
async fn malicious(bytes: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, connections) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    stream.write_all(bytes).await.unwrap();
                }
            });
        }
    });
    (url, connections)
}

async fn calls(bytes: &'static [u8], count: usize) -> Vec<Reply> {
    let (url, _) = malicious(bytes).await;
    let section = format!("[partners.evil]\nurl = \"{url}\"\nscopes = [\"a\"]");
    let stand = Stand::with(Partner::friendly().await, |settings| settings.with(&section)).await;
    let mut replies = Vec::new();
    for _ in 0..count {
        replies.push(stand.call("GET /evil/a").await);
    }
    replies
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_cannot_be_prepared_for_the_next_request() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\npoisoned"[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\npoisoned",
        b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\npoisoned",
    ] {
        for reply in calls(bytes, 3).await {
            assert!(!String::from_utf8_lossy(&reply.body).contains("poisoned"), "{reply:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_answer_is_not_handed_on() {
    for bytes in [
        &b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk",
        b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 999999 Huge\r\n\r\n",
    ] {
        let reply = calls(bytes, 1).await.remove(0);
        assert_eq!(reply.status, 502, "{reply:?}");
        assert_eq!(reply.json()["partner_may_have_acted"], true);
    }
}
