//! What the application is told when a request does not go through, and that it fails closed.

use crate::support::{Mood, Partner, Reply, Stand, answer, eventually};
use std::time::Duration;
use tokio::net::TcpSocket;

/// The answer is the sidecar's, with this status and code, and says whether the partner may have acted.
fn assert_refused(reply: &Reply, status: u16, code: &str, may_have_acted: bool) {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{reply:?}");
    assert_eq!(reply.json()["partner_may_have_acted"], may_have_acted);
    assert_eq!(reply.json()["type"], format!("urn:bridge:problem:{code}"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_configured_is_refused_without_a_token() {
    let stand = Stand::start().await;
    for (request, status, code) in [
        ("GET /company-c/a", 404, "partner_not_configured"),
        ("GET /COMPANY-B/a", 404, "partner_not_configured"),
        ("GET /", 400, "path_not_accepted"),
        ("TRACE /company-b/a", 405, "method_not_accepted"),
        ("PROPFIND /company-b/a", 405, "method_not_accepted"),
        ("GET /company-b/a\nauthorization: Bearer own", 400, "credentials_not_accepted"),
        ("GET /company-b/a\nauthorization: ", 400, "credentials_not_accepted"),
        ("GET /company-b/a\nproxy-authorization: Basic eDp5", 400, "credentials_not_accepted"),
        ("GET /company-b/a\ndpop: proof", 400, "credentials_not_accepted"),
        ("GET /company-b/a?access_token=own", 400, "credentials_not_accepted"),
        ("GET /company-b/a?a=b&access%5Ftoken=own", 400, "credentials_not_accepted"),
        ("GET /company-b/a\norigin: https://page.example", 403, "browser_not_accepted"),
        ("GET /company-b/a\nsec-fetch-mode: no-cors", 403, "browser_not_accepted"),
    ] {
        let reply = stand.call(request).await;
        assert_refused(&reply, status, code, false);
        assert!(!reply.text().contains("own\""), "{request}: a credential was repeated: {reply:?}");
    }
    assert_eq!((stand.partner.seen().len(), stand.issuer.asked().len()), (0, 0));
    assert_eq!(
        stand.call("TRACE /company-b/a").await.header("allow"),
        Some("get, head, post, put, patch, delete, options")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_caller_key_nothing_is_told_and_nothing_done() {
    let stand = Stand::start().await;
    let address = stand.application.address;
    for key in ["", "bridge-caller-key: wrong\r\n", "authorization: Bearer x\r\n"] {
        for path in ["/company-b/a", "/company-c/a", "//"] {
            let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{key}\r\n");
            assert_refused(&stand.application.send(head.as_bytes()).await, 403, "caller_unknown", false);
        }
    }
    let key = &stand.application.key;
    for host in ["", "host: evil.example\r\n", "host: 127.0.0.1\r\n", "host: evil.example:80\r\nhost: 127.0.0.1\r\n"] {
        let head = format!("GET /company-b/a HTTP/1.1\r\n{host}connection: close\r\nbridge-caller-key: {key}\r\n\r\n");
        let reply = stand.application.send(head.as_bytes()).await;
        assert_refused(&reply, 421, "host_not_accepted", false);
    }
    assert_eq!((stand.partner.seen().len(), stand.issuer.asked().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_down_is_said_and_the_partner_left_alone() {
    let stand = Stand::start().await;
    stand.issuer.be(Mood::Failing);
    let reply = stand.call("GET /company-b/a").await;
    assert_refused(&reply, 503, "token_unavailable", false);
    assert!(reply.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&stand.issuer.url()) && detail.contains("503"), "{detail}");
    assert_eq!(stand.partner.seen().len(), 0);
    stand.issuer.be(Mood::Granting(300));
    eventually("an answer", async || (stand.call("GET /company-b/a").await.status == 200).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_refuses_is_quoted() {
    let stand = Stand::start().await;
    stand.issuer.be(Mood::Refusing);
    let reply = stand.call("GET /company-b/a").await;
    assert_refused(&reply, 502, "token_refused", false);
    assert!(reply.json()["detail"].as_str().unwrap().contains("invalid_client"), "{reply:?}");
    assert_eq!(stand.partner.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_serves_while_the_issuer_is_down_and_is_never_used_expired() {
    let stand = Stand::start().await;
    stand.issuer.be(Mood::Granting(2));
    assert_eq!(stand.call("GET /company-b/a").await.status, 200);
    stand.issuer.be(Mood::Failing);
    assert_eq!(stand.call("GET /company-b/a").await.status, 200);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_refused(&stand.call("GET /company-b/a").await, 503, "token_unavailable", false);
    assert_eq!(stand.partner.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_is_down_is_told_from_one_that_is_silent() {
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let down = format!("[partners.company-d]\nurl = \"http://{}\"\nscopes = [\"a\"]", nobody.local_addr().unwrap());
    let silent = Partner::start(|seen| {
        if seen.uri.path() == "/slow" {
            tokio::task::block_in_place(|| std::thread::sleep(Duration::from_secs(3)));
        }
        answer(200, &[], "")
    });
    let limits = "[limits]\nanswer_within = \"1s\"";
    let stand = Stand::with(silent.await, |settings| settings.with(&down).with(limits)).await;
    assert_refused(&stand.call("GET /company-d/a").await, 502, "partner_unreachable", false);
    assert_refused(&stand.call("GET /company-b/slow").await, 504, "partner_silent", true);
    assert_eq!(stand.call("GET /company-b/a").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operations_pages_say_what_happened_and_are_not_for_browsers() {
    let stand = Stand::start().await;
    stand.call("GET /company-b/a").await;
    stand.call("GET /company-c/a").await;
    assert_eq!((stand.page("/livez").await.status, stand.page("/nothing").await.status), (200, 404));
    let ready = stand.page("/readyz").await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (200, Some("ready")));
    assert_eq!(stand.page("/metrics").await.status, 200);
    let address = stand.operations();
    let page = crate::support::Application::at(address, "");
    for headers in ["host: evil.example", "origin: https://page.example\r\nhost: 127.0.0.1"] {
        let head = format!("GET /metrics HTTP/1.1\r\n{headers}\r\nconnection: close\r\n\r\n");
        assert_eq!(page.send(head.as_bytes()).await.status, 403);
    }
}
