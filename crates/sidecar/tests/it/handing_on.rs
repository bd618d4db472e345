//! What the partner sees of a request, and the application of an answer.

use crate::support::{Partner, Stand, answer};
use http::Method;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reaches_the_partner_with_a_token_of_the_own_issuer_for_it() {
    let stand = Stand::start().await;
    let reply = stand.call("GET /company-b/shipments/1?limit=2").await;
    assert_eq!((reply.status, reply.text()), (200, "hello"));
    let seen = stand.partner.only();
    assert_eq!((seen.method.clone(), seen.uri.to_string()), (Method::GET, "/shipments/1?limit=2".to_owned()));
    assert_eq!(seen.token(), "token-1");
    assert_eq!(seen.headers["host"].to_str().unwrap(), stand.partner.url().strip_prefix("http://").unwrap());
    let asked = &stand.issuer.asked()[0];
    assert_eq!(
        (asked["resource"].as_str(), asked["scope"].as_str()),
        ("https://api.company-b.example", "shipments:read")
    );
    assert_eq!(asked["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_gets_its_own_scopes_and_no_more() {
    let routes = r#"
        [[partners.company-b.routes]]
        methods = ["POST"]
        path = "/shipments"
        scopes = ["shipments:write"]
        [[partners.company-b.routes]]
        methods = ["GET"]
        path = "/shipments/*"
        scopes = ["shipments:read"]"#;
    let stand = Stand::with(Partner::friendly().await, |settings| settings.routes(routes)).await;
    for (request, scope) in
        [("POST /company-b/shipments", "shipments:write"), ("GET /company-b/shipments/1", "shipments:read")]
    {
        assert_eq!(stand.call(request).await.status, 200);
        assert_eq!(stand.issuer.asked().last().unwrap()["scope"], scope);
    }
    for other in
        ["GET /company-b/shipments", "DELETE /company-b/shipments/1", "POST /company-b/%73hipments", "GET /company-b/"]
    {
        let reply = stand.call(other).await;
        assert_eq!((reply.status, reply.code().as_str()), (403, "route_not_configured"), "{other}");
    }
    assert_eq!(stand.partner.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_s_headers_go_through_and_those_of_the_connection_do_not() {
    let stand = Stand::start().await;
    let reply = stand
        .call(
            "GET /company-b/a
             accept: application/json
             idempotency-key: 7
             x-twice: 1
             x-twice: 2
             te: trailers
             keep-alive: timeout=5
             x-forwarded-for: 10.0.0.1
             connection: x-hop
             x-hop: 1",
        )
        .await;
    assert_eq!(reply.status, 200);
    let headers = stand.partner.only().headers;
    for (name, value) in [("accept", "application/json"), ("idempotency-key", "7")] {
        assert_eq!(headers[name], value);
    }
    assert_eq!(headers.get_all("x-twice").iter().collect::<Vec<_>>(), ["1", "2"]);
    for name in ["bridge-caller-key", "te", "keep-alive", "x-forwarded-for", "connection", "x-hop"] {
        assert!(!headers.contains_key(name), "{name} was handed on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_continued_or_begun() {
    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let stand = Stand::start().await;
    stand.call(&format!("GET /company-b/a\ntraceparent: {GIVEN}\ntracestate: a=b")).await;
    stand.call("GET /company-b/a\ntracestate: a=b").await;
    let seen = stand.partner.seen();
    assert_eq!(
        (&seen[0].headers["traceparent"], &seen[0].headers["tracestate"]),
        (&GIVEN.parse().unwrap(), &"a=b".parse().unwrap())
    );
    assert!(seen[1].headers["traceparent"].to_str().unwrap().starts_with("00-"));
    assert!(!seen[1].headers.contains_key("tracestate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_partner_goes_back_as_it_is() {
    let partner = Partner::start(|seen| {
        let status = seen.uri.path()[1..].parse().unwrap();
        let headers = [
            ("content-type", "application/problem+json"),
            ("x-correlation-id", "0190a5b0-0000-7000-8000-000000000001"),
            ("www-authenticate", "Bearer error=\"insufficient_scope\", scope=\"a\""),
            ("location", "https://evil.example/"),
            ("retry-after", "7"),
            ("proxy-status", "bridge-sidecar; error=forged"),
            ("alt-svc", "h3=\"evil.example:443\""),
        ];
        answer(status, &headers, format!("{{\"code\":\"of-the-partner\",\"status\":{status}}}"))
    });
    let stand = Stand::with(partner.await, |settings| settings).await;
    for status in [200, 201, 302, 307, 400, 403, 404, 409, 422, 429, 500, 503] {
        let reply = stand.call(&format!("GET /company-b/{status}")).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (status, Some("of-the-partner")));
        assert_eq!(reply.header("x-correlation-id"), Some("0190a5b0-0000-7000-8000-000000000001"));
        assert_eq!(reply.header("retry-after"), Some("7"));
        assert_eq!(reply.header("location"), Some("https://evil.example/"));
        assert_eq!((reply.header("proxy-status"), reply.header("alt-svc")), (None, None));
    }
    assert_eq!(stand.partner.seen().len(), 12, "something was asked twice, or a redirect followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_arrive_with_the_length_or_the_chunks_that_they_came_with() {
    let stand =
        Stand::with(Partner::start(|seen| answer(200, &[], seen.body.clone())).await, |settings| settings).await;
    let reply =
        stand.application.call("POST /company-b/a\ncontent-type: text/plain\ncontent-length: 5", b"12345").await;
    assert_eq!(reply.text(), "12345");
    let reply = stand
        .application
        .call("PUT /company-b/a\ntransfer-encoding: chunked", b"5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n")
        .await;
    assert_eq!(reply.text(), "123456");
    let empty = stand.application.call("POST /company-b/a\ncontent-length: 0", b"").await;
    assert_eq!(empty.text(), "");
    let seen = stand.partner.seen();
    assert_eq!(
        (&seen[0].headers["content-length"], &seen[0].headers["content-type"]),
        (&"5".parse().unwrap(), &"text/plain".parse().unwrap())
    );
    assert_eq!(seen[1].headers["transfer-encoding"], "chunked");
    assert!(!seen[1].headers.contains_key("content-length"));
    assert_eq!(seen[2].headers["content-length"], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_length_of_a_body_that_is_not_sent_is_told() {
    let partner = Partner::start(|seen| {
        assert_eq!(seen.method, Method::HEAD);
        answer(200, &[("content-length", "12345")], "")
    });
    let stand = Stand::with(partner.await, |settings| settings).await;
    let reply = stand.call("HEAD /company-b/a").await;
    assert_eq!((reply.status, reply.header("content-length"), reply.body.len()), (200, Some("12345"), 0));
}
