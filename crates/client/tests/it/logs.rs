use crate::support::{FakeIssuer, LIFETIME, partner, request};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use std::io;
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const ID: &str = "0190a5b0-0000-7000-8000-000000000001";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Everything that is logged on this thread from now on, at every level and from every crate.
    fn record(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_max_level(tracing::Level::TRACE);
        tracing::subscriber::set_default(lines.with_writer(move || log.clone()).finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn events(&self, name: &str) -> Vec<Value> {
        let lines: Vec<Value> = self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.into_iter().filter(|line| line["target"] == "bridge" && line["event"] == name).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn check(event: &Value, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        let found = event[name].as_str().map_or_else(|| event[name].to_string(), str::to_owned);
        assert_eq!(&found, value, "{name} of {event}");
    }
    assert!(event["latency_us"].is_u64(), "{event}");
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let api = MockServer::start().await;
    Mock::given(any()).respond_with(answer.insert_header("x-correlation-id", ID)).mount(&api).await;
    api
}

#[tokio::test]
async fn a_token_and_a_call_are_logged_with_their_fields_and_without_their_secrets() {
    let log = Log::default();
    let _recording = log.record();
    let issuer = FakeIssuer::start().await;
    let api = answering(ResponseTemplate::new(200)).await;
    partner(&issuer, &api.uri()).send(request("/shipments/1?name=Smith")).await.unwrap();

    let fingerprint = bridge_types::Fingerprint::of(b"token-1").to_string();
    let token = [("client_id", "order-service"), ("aud", "https://api.company-b.example"), ("scope", "a")];
    let [obtained] = &log.events("token_obtained")[..] else { panic!("expected one line in {}", log.text()) };
    check(obtained, &token);
    let iss = issuer.url().to_string();
    check(obtained, &[("level", "INFO"), ("outcome", "ok"), ("iss", &iss), ("token", &fingerprint)]);

    let [egress] = &log.events("egress")[..] else { panic!("expected one line in {}", log.text()) };
    check(egress, &token);
    let url = format!("{}/shipments/1", api.uri());
    check(egress, &[("level", "INFO"), ("outcome", "ok"), ("partner", "company-b"), ("token", &fingerprint)]);
    check(
        egress,
        &[("method", "GET"), ("status", "200"), ("correlation_id", ID), ("path", "/shipments/1"), ("url", &url)],
    );
    assert_eq!(egress["trace_id"].as_str().unwrap().len(), 32);

    let assertion = &issuer.token_requests().await[0]["client_assertion"];
    for secret in ["token-1", "Smith", assertion, assertion.rsplit_once('.').unwrap().1] {
        let lines: Vec<_> = log.text().lines().filter(|line| line.contains(secret)).map(str::to_owned).collect();
        let ours: Vec<_> = lines.iter().filter(|line| line.contains(r#""target":"bridge""#)).collect();
        assert!(ours.is_empty(), "{secret} is in {ours:?}");
        assert!(secret == "Smith" || lines.is_empty(), "{secret} is in {lines:?}");
    }
}

#[tokio::test]
async fn refusals_and_failures_of_a_partner_are_told_apart() {
    let log = Log::default();
    let _recording = log.record();
    let issuer = FakeIssuer::start().await;
    let challenge = r#"Bearer error="insufficient_scope""#;
    for answer in [ResponseTemplate::new(403).insert_header("www-authenticate", challenge), ResponseTemplate::new(500)]
    {
        let api = answering(answer).await;
        let _ = partner(&issuer, &api.uri()).send(request("/")).await;
    }
    let _ = partner(&issuer, "http://127.0.0.1:1").send(request("/")).await;
    let [refused, failed, unreachable] = &log.events("egress")[..] else { panic!("{}", log.text()) };
    check(refused, &[("level", "WARN"), ("outcome", "deny"), ("status", "403"), ("reason", "insufficient_scope")]);
    check(refused, &[("correlation_id", ID)]);
    check(failed, &[("level", "ERROR"), ("outcome", "error"), ("status", "500"), ("correlation_id", ID)]);
    check(unreachable, &[("level", "ERROR"), ("outcome", "error"), ("status", "null")]);
    assert!(unreachable["detail"].as_str().unwrap().contains("refused"), "{unreachable}");
}

#[tokio::test]
async fn a_failed_request_is_logged_once_and_counted_and_says_what_serves_meanwhile() {
    let log = Log::default();
    let _recording = log.record();
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
    issuer.wait_for_requests(2).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let [failed] = &log.events("token_request_failed")[..] else { panic!("expected one line in {}", log.text()) };
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
