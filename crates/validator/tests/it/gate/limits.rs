//! How much one client, and one address, may ask.

use super::{Seen, bearer, routes, seen};
use crate::support::{API, CLIENT, ISSUER, SCOPE, World, capture, counting, jwks_uri};
use crate::support::{Answer, policy};
use actix_web::App;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::test::{TestRequest, init_service};
use bridge_limits::Rate;
use bridge_validator::{Gate, RequestLimits};
use std::time::Duration;

/// Two a second: twenty at once.
const LIMITS: RequestLimits = RequestLimits {
    requests_per_client: Rate::per_second(2),
    refusals_per_address: Rate::per_second(2),
    logged_refusals: Rate::per_second(3),
};

fn gate(world: &World) -> Gate {
    Gate::new(world.validator.clone(), &API.parse().unwrap()).with_limits(LIMITS)
}

async fn send(gate: &Gate, from: &str, request: TestRequest) -> Seen {
    let app = init_service(App::new().service(gate.routes("", routes()))).await;
    let request = request.peer_addr(format!("{from}:40000").parse().unwrap());
    seen(actix_web::test::call_service(&app, request.to_request()).await).await
}

/// The codes of requests that are sent one after another, until one is 429; that one is given too.
async fn until_limited(gate: &Gate, from: &str, request: impl Fn() -> TestRequest) -> (usize, Seen) {
    for sent in 0..100 {
        let seen = send(gate, from, request()).await;
        if seen.status == 429 {
            return (sent, seen);
        }
    }
    panic!("was never limited");
}

#[actix_web::test]
async fn a_client_beyond_its_rate_waits_and_no_other_client_does() {
    let (_guard, log) = capture();
    let (_recorder, counts) = counting();
    let world = World::new();
    let gate = gate(&world);
    let token = world.token().sign();
    let (sent, limited) = until_limited(&gate, "192.0.2.1", || bearer("/shipments", &token)).await;
    assert_eq!((sent, limited.code()), (20, "rate_limited"));
    assert_eq!(limited.header(RETRY_AFTER.as_str()), Some("1"));
    assert_eq!(limited.header("content-type"), Some("application/problem+json"));
    assert_eq!(limited.header(WWW_AUTHENTICATE.as_str()), None);
    assert_eq!(limited.body["correlation_id"].as_str(), limited.header("x-correlation-id"));

    let again = world.token().claim("jti", "another").sign();
    assert_eq!(send(&gate, "192.0.2.2", bearer("/shipments", &again)).await.status, 429, "a new token, a new address");
    let namesake = world.other.access_token(CLIENT, API, SCOPE, bridge_types::Clock::now(&*world.clock)).sign();
    assert_eq!(send(&gate, "192.0.2.1", bearer("/shipments", &namesake)).await.status, 200, "the same id elsewhere");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(send(&gate, "192.0.2.1", bearer("/shipments", &token)).await.status, 200);

    let lines: Vec<_> = log.of("decision").into_iter().filter(|line| line["reason"] == "rate_limited").collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["client_id"], &lines[0]["status"]), (&CLIENT.into(), &429.into()), "{}", lines[0]);
    assert_eq!(counts.of("bridge_decisions_total{partner=company-a,reason=rate_limited}"), 2);
}

#[actix_web::test]
async fn a_policy_may_grant_one_client_another_rate() {
    let world = World::new();
    let gate = gate(&world);
    let token = world.token().sign();
    until_limited(&gate, "192.0.2.1", || bearer("/shipments", &token)).await;
    world.edit(|policy| policy.replacen("scopes =", "requests_per_second = 3\nscopes =", 1));
    let (sent, _) = until_limited(&gate, "192.0.2.1", || bearer("/shipments", &token)).await;
    assert_eq!(sent, 30);
}

#[actix_web::test]
async fn refusals_are_limited_by_the_address_of_the_connection_and_by_no_header() {
    let world = World::new();
    let gate = gate(&world);
    let claims = || world.token().claim("aud", "https://another.example").sign();
    let numbers = std::cell::Cell::new(0);
    let spoofed = || {
        numbers.set(numbers.get() + 1);
        let claimed = format!("198.51.100.{}", numbers.get());
        let forwarded = format!("for={claimed}");
        bearer("/shipments", &claims())
            .insert_header(("x-forwarded-for", claimed))
            .insert_header(("forwarded", forwarded))
    };
    let (sent, limited) = until_limited(&gate, "192.0.2.1", spoofed).await;
    assert_eq!((sent, limited.code(), limited.header(RETRY_AFTER.as_str())), (20, "rate_limited", Some("1")));
    let other = send(&gate, "192.0.2.2", bearer("/shipments", &claims())).await;
    assert_eq!((other.status, other.code()), (401, "audience_mismatch"));
}

#[actix_web::test]
async fn an_address_that_is_refused_too_often_keeps_nobody_from_being_served() {
    let world = World::new();
    let gate = gate(&world);
    until_limited(&gate, "192.0.2.1", || bearer("/shipments", "x")).await;
    assert_eq!(send(&gate, "192.0.2.1", bearer("/shipments", &world.token().sign())).await.status, 200);
}

#[actix_web::test]
async fn a_stranger_that_names_a_client_uses_up_nothing_of_it() {
    let world = World::new();
    let gate = gate(&world);
    let forged = || bearer("/shipments", &world.token().sign_then(|signature| signature[0] ^= 1));
    until_limited(&gate, "192.0.2.1", forged).await;
    let token = world.token().sign();
    let (sent, _) = until_limited(&gate, "192.0.2.1", || bearer("/shipments", &token)).await;
    assert_eq!(sent, 20);
}

#[actix_web::test]
async fn a_request_that_lacks_the_scope_counts_as_refused() {
    let world = World::new();
    world.edit(|policy| policy.replacen("scopes =", "requests_per_second = 1000\nscopes =", 1));
    let gate = gate(&world);
    let token = world.token().sign();
    let (sent, limited) =
        until_limited(&gate, "192.0.2.1", || bearer("/track", &token).method(actix_web::http::Method::POST)).await;
    assert_eq!((sent, limited.code()), (20, "rate_limited"));
}

#[actix_web::test]
async fn keys_that_cannot_be_had_are_nobodys_fault() {
    let world = World::new();
    world.network.answer(&jwks_uri(ISSUER), Answer::Status(500));
    let gate = gate(&world);
    for _ in 0..50 {
        assert_eq!(send(&gate, "192.0.2.1", bearer("/shipments", &world.token().sign())).await.status, 503);
    }
}

#[test]
fn a_rate_of_nothing_is_refused() {
    let world = World::new();
    let report =
        world.write("company-a.toml", &policy(ISSUER).replacen("scopes =", "requests_per_second = 0\nscopes =", 1));
    assert!(report.rejected[0].to_string().contains("1 to 1000000 a second"), "{}", report.rejected[0]);
}

#[actix_web::test]
async fn of_a_flood_of_refusals_some_are_written_down_and_the_rest_is_told_in_one_line() {
    let (_guard, log) = capture();
    let (_recorder, counts) = counting();
    let world = World::new();
    world.clock.advance(Duration::from_mins(1));
    let gate = gate(&world);
    for _ in 0..10 {
        send(&gate, "192.0.2.1", TestRequest::with_uri("/shipments")).await;
    }
    let expired = world.token().claim("exp", 1).sign();
    send(&gate, "192.0.2.1", bearer("/shipments", &expired)).await;
    let missing = |log: &[serde_json::Value]| log.iter().filter(|line| line["reason"] == "token_missing").count();
    assert_eq!(missing(&log.of("decision")), 3);
    assert_eq!(log.of("decision").len(), 4, "another reason has lines of its own");
    assert_eq!(counts.of("bridge_decisions_total{partner=unknown,reason=token_missing}"), 10);
    gate.log_suppressed();
    assert_eq!(log.of("decisions_suppressed").len(), 0, "the second is not over");

    world.clock.advance(Duration::from_secs(1));
    gate.log_suppressed();
    gate.log_suppressed();
    let told = log.of("decisions_suppressed");
    let [line] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&line["reason"], &line["partner"]), (&"token_missing".into(), &"unknown".into()));
    assert_eq!((&line["suppressed"], &line["level"]), (&7.into(), &"WARN".into()));
    send(&gate, "192.0.2.1", TestRequest::with_uri("/shipments")).await;
    assert_eq!(missing(&log.of("decision")), 4);
}

#[actix_web::test]
async fn what_was_left_out_is_told_before_the_next_line_and_at_the_end() {
    let (_guard, log) = capture();
    let world = World::new();
    world.clock.advance(Duration::from_mins(1));
    let gate = gate(&world);
    for _ in 0..2 {
        for _ in 0..5 {
            send(&gate, "192.0.2.1", TestRequest::with_uri("/shipments")).await;
        }
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(log.of("decisions_suppressed").len(), 1);
    drop(gate);
    let told: Vec<_> = log.of("decisions_suppressed").iter().map(|line| line["suppressed"].clone()).collect();
    assert_eq!(told, [2, 2]);
}
