//! Exactly one line and one count for every request, and no token in them.

use crate::support::{API, CLIENT, ISSUER, SCOPE, ShipmentsRead, ShipmentsTrack, World, capture, counting};
use actix_web::dev::Service;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpResponse};
use bridge_types::Fingerprint;
use bridge_validator::{Authorized, Gate, GuardedRoutes, Reason};
use serde_json::{Value, json};
use std::time::Duration;

async fn list(_: Authorized<ShipmentsRead>) -> &'static str {
    "[]"
}

async fn track(_: Authorized<ShipmentsTrack>) -> &'static str {
    "tracked"
}

async fn broken(_: Authorized<ShipmentsRead>) -> HttpResponse {
    HttpResponse::InternalServerError().finish()
}

async fn slow(_: Authorized<ShipmentsRead>) -> &'static str {
    std::future::pending::<()>().await;
    "never"
}

async fn call(world: &World, request: TestRequest) -> u16 {
    let gate = Gate::new(world.validator.clone(), &API.parse().unwrap());
    let routes =
        GuardedRoutes::new().get("/shipments", list).get("/track", track).get("/broken", broken).get("/slow", slow);
    let app = init_service(App::new().service(gate.routes("", routes))).await;
    app.call(request.to_request()).await.unwrap().status().as_u16()
}

fn bearer(path: &str, token: &str) -> TestRequest {
    TestRequest::with_uri(path).insert_header((AUTHORIZATION, format!("Bearer {token}")))
}

#[actix_web::test]
async fn an_allowed_request_is_written_down_whole() {
    let (_guard, log) = capture();
    let world = World::new();
    let token = world.token().sign();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request =
        bearer("/shipments?secret=1", &token).insert_header(("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")));
    assert_eq!(call(&world, request).await, 200);
    let lines = log.of("decision");
    assert_eq!(lines.len(), 1);
    let line = lines[0].as_object().unwrap();
    for (field, expected) in [
        ("level", json!("INFO")),
        ("outcome", json!("allow")),
        ("reason", json!("allowed")),
        ("iss", json!(ISSUER)),
        ("kid", json!(world.issuer.key.kid())),
        ("client_id", json!(CLIENT)),
        ("aud", json!(API)),
        ("scope", json!(SCOPE)),
        ("verified", json!(true)),
        ("token", json!(Fingerprint::of(token.as_bytes()).to_string())),
        ("trace_id", json!(trace)),
        ("partner", json!("company-a")),
        ("method", json!("GET")),
        ("path", json!("/shipments")),
        ("required_scope", json!("shipments:read")),
        ("status", json!(200)),
        ("latency_us", json!(0)),
        ("target", json!("bridge")),
    ] {
        assert_eq!(line.get(field), Some(&expected), "{field} in {line:?}");
    }
    assert!(line["correlation_id"].as_str().unwrap().parse::<bridge_types::CorrelationId>().is_ok());
    assert!(!log.text().contains(&token) && !log.text().contains("secret"));
}

/// Makes the token of a request.
type Spoil = fn(&World) -> String;

#[actix_web::test]
async fn each_request_makes_one_line_and_one_count_whatever_becomes_of_it() {
    let good = |world: &World| world.token().sign();
    let cases: [(&str, Spoil, u16, &str, &str); 8] = [
        ("/shipments", good, 200, "allowed", "company-a"),
        ("/nowhere", good, 404, "allowed", "company-a"),
        ("/broken", good, 500, "allowed", "company-a"),
        ("/track", good, 403, "scope_beyond_ceiling", "company-a"),
        ("/shipments", |world| world.token().claim("scope", "x").sign(), 403, "insufficient_scope", "company-a"),
        (
            "/shipments",
            |world| world.token().claim("iss", "https://x.example").sign(),
            401,
            "issuer_unknown",
            "unknown",
        ),
        ("/shipments", |world| world.token().header("kid", "x").sign(), 401, "key_unknown", "company-a"),
        ("/shipments", |_| "x".to_owned(), 401, "token_malformed", "unknown"),
    ];
    for (path, token, status, reason, partner) in cases {
        let (_guard, log) = capture();
        let (_recorder, counts) = counting();
        let world = World::new();
        assert_eq!(call(&world, bearer(path, &token(&world))).await, status);
        let lines = log.of("decision");
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        let outcome = if reason == "allowed" { ("allow", "INFO") } else { ("deny", "WARN") };
        assert_eq!((&line["outcome"], &line["level"]), (&json!(outcome.0), &json!(outcome.1)));
        assert_eq!(
            (&line["reason"], &line["status"], &line["partner"]),
            (&json!(reason), &json!(status), &json!(partner))
        );
        let decisions: Vec<String> = counts.series().into_iter().filter(|name| name.contains("decisions")).collect();
        assert_eq!(decisions, [format!("bridge_decisions_total{{partner={partner},reason={reason}}}")]);
        assert_eq!(counts.of(&decisions[0]), 1);
    }
}

/// A label for each of them would fill the memory of whoever collects the metrics.
#[actix_web::test]
async fn invented_issuers_keys_and_clients_make_no_time_series() {
    let (_guard, _log) = capture();
    let (_recorder, counts) = counting();
    let world = World::new();
    let mut seen = Vec::new();
    for round in 0..20 {
        let invented = format!("invented-{round}");
        let token = || world.token();
        for token in [
            token().claim("iss", format!("https://{invented}.example")),
            token().header("kid", invented.as_str()),
            token().header("alg", invented.as_str()),
            token().header("typ", invented.as_str()),
            token().claim("client_id", invented.as_str()).claim("sub", invented.as_str()),
            token().claim("aud", format!("https://{invented}.example")),
            token().claim("scope", invented.as_str()),
            token().claim("jti", invented.as_str()),
        ] {
            call(&world, bearer(&format!("/{invented}"), &token.sign())).await;
        }
        seen.push(counts.series());
    }
    assert_eq!(seen.first(), seen.last(), "twenty rounds are counted where one was");
    assert!(!seen[0].is_empty() && !seen[0].iter().any(|series| series.contains("invented")), "{:?}", seen[0]);
}

#[actix_web::test]
async fn a_request_without_a_token_is_written_down_too() {
    let (_guard, log) = capture();
    let world = World::new();
    assert_eq!(call(&world, TestRequest::with_uri("/shipments")).await, 401);
    let line = &log.of("decision")[0];
    assert_eq!((&line["reason"], &line["verified"]), (&json!("token_missing"), &json!(false)));
    for absent in ["iss", "kid", "client_id", "aud", "scope", "token", "required_scope", "trace_id"] {
        assert_eq!(line[absent], Value::Null, "{absent}");
    }
}

#[actix_web::test]
async fn a_caller_that_hangs_up_is_written_down_without_a_status() {
    let (_guard, log) = capture();
    let world = World::new();
    let hasty =
        tokio::time::timeout(Duration::from_millis(500), call(&world, bearer("/slow", &world.token().sign()))).await;
    assert!(hasty.is_err());
    let lines = log.of("decision");
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["reason"], &lines[0]["status"]), (&json!("allowed"), &Value::Null));
}

#[actix_web::test]
async fn what_a_sender_wrote_is_cut_escaped_and_marked_as_unverified() {
    let (_guard, log) = capture();
    let world = World::new();
    let nasty = format!("https://x.example/\n\u{1b}[31m{}", "y".repeat(1000));
    assert_eq!(call(&world, bearer("/shipments", &world.token().claim("iss", nasty.as_str()).sign())).await, 401);
    let line = &log.of("decision")[0];
    let iss = line["iss"].as_str().unwrap();
    assert!(iss.starts_with("https://x.example/\\n\\u{1b}[31my") && iss.len() < 150, "{iss}");
    assert_eq!(line["verified"], json!(false));
}

#[actix_web::test]
async fn no_reason_puts_the_token_into_the_log() {
    let (_guard, log) = capture();
    let world = World::new();
    let tokens = [
        world.token().sign(),
        world.token().claim("exp", 1).sign(),
        world.token().sign_then(|signature| signature[0] ^= 1),
        world.token().claim("aud", 1).sign(),
        world.token().header("typ", "x").sign(),
        format!("{}x.y", world.token().sign()),
    ];
    for token in &tokens {
        let reason = world.refusal(token).await;
        let status = call(&world, bearer("/shipments", token)).await;
        assert_eq!(reason.map_or(200, |reason: Reason| reason.outward().status), status);
    }
    let text = log.text();
    for token in &tokens {
        for part in token.split('.').filter(|part| part.len() > 20) {
            assert!(!text.contains(part), "{part}");
        }
    }
}
