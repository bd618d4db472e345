use crate::recording;
use crate::support::{FakeIssuer, LIFETIME, Server, nowhere, partner, request};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use std::time::Duration;
use wiremock::ResponseTemplate;

const ID: &str = "0190a5b0-0000-7000-8000-000000000001";

fn check(event: &Value, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        let found = event[name].as_str().map_or_else(|| event[name].to_string(), str::to_owned);
        assert_eq!(&found, value, "{name} of {event}");
    }
    assert!(event["latency_us"].is_u64(), "{event}");
}

async fn answering(answer: ResponseTemplate) -> Server {
    Server::answering(answer.insert_header("x-correlation-id", ID)).await
}

#[tokio::test]
async fn a_token_and_a_call_are_logged_with_their_fields_and_without_their_secrets() {
    recording::start();
    let issuer = FakeIssuer::start().await;
    let api = answering(ResponseTemplate::new(200)).await;
    partner(&issuer, &api.uri()).send(request("/shipments/1?name=Smith")).await.unwrap();

    let fingerprint = bridge_types::Fingerprint::of(b"token-1").to_string();
    let token = [("client_id", "order-service"), ("aud", "https://api.company-b.example"), ("scope", "a")];
    let [obtained] = &recording::events("token_obtained")[..] else {
        panic!("expected one line in {}", recording::text())
    };
    check(obtained, &token);
    let iss = issuer.url().to_string();
    check(obtained, &[("level", "INFO"), ("outcome", "ok"), ("iss", &iss), ("token", &fingerprint)]);

    let [egress] = &recording::events("egress")[..] else { panic!("expected one line in {}", recording::text()) };
    check(egress, &token);
    check(egress, &[("iss", &iss)]);
    let url = format!("{}/shipments/1", api.uri());
    check(egress, &[("level", "INFO"), ("outcome", "ok"), ("partner", "company-b"), ("token", &fingerprint)]);
    check(
        egress,
        &[("method", "GET"), ("status", "200"), ("correlation_id", ID), ("path", "/shipments/1"), ("url", &url)],
    );
    assert_eq!(egress["trace_id"].as_str().unwrap().len(), 32);

    let assertion = &issuer.token_requests().await[0]["client_assertion"];
    for secret in ["token-1", "Smith", assertion, assertion.rsplit_once('.').unwrap().1] {
        let lines: Vec<_> = recording::text().lines().filter(|line| line.contains(secret)).map(str::to_owned).collect();
        let ours: Vec<_> = lines.iter().filter(|line| line.contains(r#""target":"bridge""#)).collect();
        assert!(ours.is_empty(), "{secret} is in {ours:?}");
        assert!(secret == "Smith" || lines.is_empty(), "{secret} is in {lines:?}");
    }
}

#[tokio::test]
async fn refusals_and_failures_of_a_partner_are_told_apart() {
    recording::start();
    let issuer = FakeIssuer::start().await;
    let challenge = r#"Bearer error="insufficient_scope""#;
    let busy = ResponseTemplate::new(429).set_body_json(serde_json::json!({"code": "rate_limited"}));
    for answer in
        [ResponseTemplate::new(403).insert_header("www-authenticate", challenge), ResponseTemplate::new(500), busy]
    {
        let api = answering(answer).await;
        let _ = partner(&issuer, &api.uri()).send(request("/")).await;
    }
    let (_socket, url) = nowhere();
    let _ = partner(&issuer, &url).send(request("/")).await;
    let [refused, failed, limited, unreachable] = &recording::events("egress")[..] else {
        panic!("{}", recording::text())
    };
    check(refused, &[("level", "WARN"), ("outcome", "deny"), ("status", "403"), ("reason", "insufficient_scope")]);
    check(refused, &[("correlation_id", ID)]);
    check(failed, &[("level", "ERROR"), ("outcome", "error"), ("status", "500"), ("correlation_id", ID)]);
    check(limited, &[("level", "WARN"), ("outcome", "deny"), ("status", "429"), ("reason", "rate_limited")]);
    check(unreachable, &[("level", "ERROR"), ("outcome", "error"), ("status", "null")]);
    assert!(unreachable["detail"].as_str().unwrap().contains("refused"), "{unreachable}");
}

#[tokio::test]
async fn a_failed_request_is_logged_once_and_counted_and_says_what_serves_meanwhile() {
    recording::start();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let issuer = FakeIssuer::start().await;
    let api = answering(ResponseTemplate::new(200)).await;
    let partner = partner(&issuer, &api.uri());
    partner.send(request("/")).await.unwrap();
    issuer.fail(ResponseTemplate::new(503));
    issuer.clock.advance(LIFETIME * 9 / 10);
    for _ in 0..10 {
        partner.send(request("/")).await.unwrap();
    }
    while recording::events("token_request_failed").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let [failed] = &recording::events("token_request_failed")[..] else {
        panic!("expected one line in {}", recording::text())
    };
    let iss = issuer.url().to_string();
    check(
        failed,
        &[("level", "ERROR"), ("outcome", "error"), ("reason", "unavailable"), ("iss", &iss), ("scope", "a")],
    );
    let detail = failed["detail"].as_str().unwrap();
    assert!(detail.ends_with("; the token at hand serves for another 30s"), "{detail}");
    let counted = recorder.handle().render();
    for line in [r#"{outcome="ok"} 1"#, r#"{outcome="unavailable"} 1"#] {
        assert!(counted.contains(&format!("bridge_client_token_requests_total{line}")), "{counted}");
    }
}
