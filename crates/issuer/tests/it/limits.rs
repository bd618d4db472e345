//! How many tokens one client may fetch, and how often one address may be refused.

use crate::support::{AUDIENCE, ISSUER, World, encode, good_form, header};
use actix_web::dev::ServiceResponse;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::{App, http::StatusCode};
use bridge_issuer::TokenLimits;
use bridge_limits::Rate;
use bridge_testkit::Forge;
use bridge_types::Clock;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use std::time::Duration;

/// Two a second: twenty at once.
const LIMITS: TokenLimits = TokenLimits {
    tokens_per_client: Rate::per_second(2),
    refusals_per_address: Rate::per_second(2),
    logged_refusals: Rate::per_second(3),
};

async fn post(world: &World, from: &str, form: &[(&str, &str)]) -> ServiceResponse {
    let app = init_service(App::new().configure(|config| world.issuer.configure(config))).await;
    let request = TestRequest::post().uri("/token").peer_addr(format!("{from}:40000").parse().unwrap());
    let request = request.insert_header(("content-type", "application/x-www-form-urlencoded"));
    call_service(
        &app,
        request.insert_header(("x-forwarded-for", "198.51.100.9")).set_payload(encode(form)).to_request(),
    )
    .await
}

async fn present(world: &World, from: &str, assertion: &str) -> ServiceResponse {
    post(world, from, &good_form(assertion)).await
}

/// Presents assertions until one is answered with 429: how many were not, and that answer.
async fn until_limited(world: &World, from: &str, assertion: impl Fn() -> String) -> (usize, ServiceResponse) {
    for sent in 0..100 {
        let answer = present(world, from, &assertion()).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return (sent, answer);
        }
    }
    panic!("was never limited");
}

#[actix_web::test]
async fn a_client_beyond_its_rate_waits_and_no_other_client_does() {
    let world = World::limited(LIMITS).await;
    let (sent, limited) = until_limited(&world, "192.0.2.1", || world.assertion().sign()).await;
    assert_eq!((sent, header(&limited, "retry-after")), (20, "1"));
    assert_eq!((header(&limited, "cache-control"), header(&limited, "content-type")), ("no-store", "application/json"));
    let body: Value = read_body_json(limited).await;
    let described = "too many requests; try again later";
    assert_eq!(body, json!({ "error": "temporarily_unavailable", "error_description": described }));
    assert_eq!(present(&world, "192.0.2.2", &world.assertion().sign()).await.status(), 429, "another address");

    let shop = Forge::assertion(&world.other_key, "shop", ISSUER, world.clock.now()).sign();
    let mut form = good_form(&shop);
    form[4].1 = "orders:read";
    assert_eq!((form[3].1, post(&world, "192.0.2.1", &form).await.status()), (AUDIENCE, StatusCode::OK));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(present(&world, "192.0.2.1", &world.assertion().sign()).await.status(), 200);
}

#[actix_web::test]
async fn neither_naming_a_client_nor_repeating_its_assertion_uses_up_its_rate() {
    let world = World::limited(LIMITS).await;
    let stolen = world.assertion().sign();
    assert_eq!(present(&world, "192.0.2.1", &stolen).await.status(), 200);
    until_limited(&world, "192.0.2.7", || stolen.clone()).await;
    until_limited(&world, "192.0.2.8", || world.assertion().sign_then(|signature| signature[0] ^= 1)).await;
    let (sent, _) = until_limited(&world, "192.0.2.1", || world.assertion().sign()).await;
    assert_eq!(sent, 19);
}

#[actix_web::test]
async fn an_address_is_refused_so_often_and_then_told_to_wait() {
    let world = World::limited(LIMITS).await;
    let expired = || world.assertion().claim("exp", 1).sign();
    let (sent, limited) = until_limited(&world, "192.0.2.1", expired).await;
    assert_eq!((sent, header(&limited, "retry-after")), (20, "1"));
    assert_eq!(present(&world, "192.0.2.2", &expired()).await.status(), 401, "another address");
    assert_eq!(present(&world, "192.0.2.1", &world.assertion().sign()).await.status(), 200, "a good assertion");
    let unread = TestRequest::post().uri("/token?x=1").peer_addr("192.0.2.1:1".parse().unwrap());
    let app = init_service(App::new().configure(|config| world.issuer.configure(config))).await;
    assert_eq!(call_service(&app, unread.to_request()).await.status(), 429, "a request that is not read");
}

#[actix_web::test]
async fn counts_what_was_limited_apart() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let guard = metrics::set_default_local_recorder(&recorder);
    let world = World::limited(LIMITS).await;
    until_limited(&world, "192.0.2.1", || "x".to_owned()).await;
    drop(guard);
    let shown = recorder.handle().render();
    assert!(shown.contains("bridge_token_requests_total{outcome=\"rate_limited\"} 1"), "{shown}");
    assert!(shown.contains("bridge_token_requests_total{outcome=\"invalid_client\"} 20"), "{shown}");
}
