//! The revocation endpoint (RFC 7009).

use crate::support::{AUDIENCE, CLIENT, ISSUER, JWT_BEARER, World, encode, header};
use actix_web::dev::ServiceResponse;
use actix_web::test::TestRequest;
use actix_web::{App, test};
use bridge_issuer::Ignored::{AlreadyRevoked, AnotherClient, Expired, NoStatus, NotOurs, SignatureInvalid, Unreadable};
use bridge_issuer::{Ignored, Revocation, TokenError, TokenRequest};
use bridge_jose::{Algorithm, SigningKey, Typ};
use bridge_limits::PeerAddress;
use bridge_testkit::Forge;
use bridge_types::Clock;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn form<'f>(assertion: &'f str, token: &'f str) -> Vec<(&'f str, &'f str)> {
    vec![("client_assertion_type", JWT_BEARER), ("client_assertion", assertion), ("token", token)]
}

async fn ask(world: &World, form: &[(&str, &str)]) -> Result<Revocation, TokenError> {
    let form = encode(form);
    world
        .issuer
        .revoke(TokenRequest { form: form.as_bytes(), authorization_header: false, peer: PeerAddress::UNKNOWN })
        .await
}

/// Revokes a token as the client that it was issued to.
pub(crate) async fn revoke(world: &World, token: &str) -> Result<Revocation, TokenError> {
    ask(world, &form(&world.assertion().sign(), token)).await
}

async fn token(world: &World) -> String {
    world.present(&world.assertion().sign()).await.unwrap().access_token.expose().to_owned()
}

#[tokio::test]
async fn a_client_revokes_its_own_token_once() {
    let world = World::new().await;
    let token = token(&world).await;
    assert_eq!(revoke(&world, &token).await.unwrap(), Revocation::Revoked);
    assert_eq!(revoke(&world, &token).await.unwrap(), Revocation::Ignored(AlreadyRevoked));
}

#[tokio::test]
async fn what_cannot_be_revoked_is_ignored_for_a_reason() {
    let world = World::new().await;
    let good = token(&world).await;
    let other = Forge::assertion(&world.other_key, "shop", ISSUER, world.clock.now()).sign();
    let foreign_key = SigningKey::generate(Algorithm::Es256).unwrap();
    let iat = world.clock.now().as_second();
    let forged = |claims: Value| Forge::new(&foreign_key, Typ::AccessToken, claims);
    let ours = json!({"iss": ISSUER, "sub": CLIENT, "client_id": CLIENT, "aud": AUDIENCE, "scope": "a", "iat": iat,
                      "exp": iat + 60, "jti": "t"});
    let named = forged(ours.clone()).header("kid", world.signing().kid().as_str());
    let cases: Vec<(String, Ignored)> = vec![
        ("nonsense".into(), Unreadable),
        ("x".repeat(9000), Unreadable),
        (format!("{good}x"), Unreadable),
        (world.assertion().sign(), Unreadable),
        (forged(json!({"iss": "https://issuer.company-b.example"})).sign(), NotOurs),
        (forged(ours).sign(), NotOurs),
        (named.sign(), SignatureInvalid),
    ];
    for (token, reason) in cases {
        assert_eq!(revoke(&world, &token).await.unwrap(), Revocation::Ignored(reason), "{token:.60}");
    }
    assert_eq!(ask(&world, &form(&other, &good)).await.unwrap(), Revocation::Ignored(AnotherClient));
    world.clock.advance(Duration::from_mins(5));
    assert_eq!(revoke(&world, &good).await.unwrap(), Revocation::Ignored(Expired));
}

#[tokio::test]
async fn a_token_without_a_place_in_an_own_list_is_ignored() {
    let world = World::new().await;
    let own = |uri: &str| json!({"status_list": {"idx": 1, "uri": uri}});
    for status in [
        None,
        Some(own("https://issuer.company-b.example/status-lists/1")),
        Some(own(&format!("{ISSUER}/status-lists/01"))),
        Some(own(&format!("{ISSUER}/status-lists/one"))),
        Some(own(&format!("{ISSUER}/lists/1"))),
    ] {
        let now = world.clock.now().as_second();
        let mut claims = json!({"iss": ISSUER, "sub": CLIENT, "client_id": CLIENT, "aud": AUDIENCE, "scope": "a",
                                "iat": now, "exp": now + 60, "jti": "t"});
        if let Some(status) = &status {
            claims["status"] = status.clone();
        }
        let token = world.issuer.ring().sign(None, Typ::AccessToken, &claims).await.unwrap().into_token();
        assert_eq!(revoke(&world, &token).await.unwrap(), Revocation::Ignored(NoStatus), "{status:?}");
    }
}

#[tokio::test]
async fn the_client_is_authenticated_as_at_the_token_endpoint() {
    let world = World::new().await;
    let (token, assertion) = (token(&world).await, world.assertion().sign());
    let refused = async |form: &[(&str, &str)]| {
        let error = ask(&world, form).await.unwrap_err();
        (error.code(), error.detail())
    };
    assert_eq!(refused(&[("token", &token)]).await, ("invalid_client", "credentials_missing"));
    assert_eq!(refused(&form(&assertion, "")).await, ("invalid_request", "token_missing"));
    let twice = [&form(&assertion, &token)[..], &[("token", "x")]].concat();
    assert_eq!(refused(&twice).await, ("invalid_request", "parameter_repeated"));
    let secret = [&form(&assertion, &token)[..], &[("client_secret", "x")]].concat();
    assert_eq!(refused(&secret).await, ("invalid_request", "credentials_twice"));
    let elsewhere = world.assertion().claim("aud", format!("{ISSUER}/revoke")).sign();
    assert_eq!(refused(&form(&elsewhere, &token)).await, ("invalid_client", "audience_mismatch"));
    let foreign = world.assertion().sign_with(&world.other_key);
    assert_eq!(refused(&form(&foreign, &token)).await, ("invalid_client", "signature_invalid"));
    // What was refused used nothing up; what succeeds does.
    assert_eq!(ask(&world, &form(&assertion, &token)).await.unwrap(), Revocation::Revoked);
    assert_eq!(refused(&form(&assertion, &token)).await, ("invalid_client", "assertion_replayed"));
    assert_eq!(crate::support::refusal(world.present(&assertion).await), ("invalid_client", "assertion_replayed"));
}

#[tokio::test]
async fn a_revocation_that_is_not_kept_is_never_a_success() {
    let world = World::new().await;
    let token = token(&world).await;
    world.status.failing.store(true, Ordering::SeqCst);
    let error = revoke(&world, &token).await.unwrap_err();
    assert_eq!((error.answer().0.as_u16(), error.detail()), (503, "store_failed"));
    world.status.failing.store(false, Ordering::SeqCst);
    assert_eq!(revoke(&world, &token).await.unwrap(), Revocation::Revoked);
}

async fn call(world: &World, request: TestRequest) -> ServiceResponse {
    let app = test::init_service(App::new().configure(|config| world.issuer.configure(config))).await;
    test::call_service(&app, request.to_request()).await
}

#[actix_web::test]
async fn every_request_in_order_gets_the_same_empty_answer() {
    let world = World::new().await;
    for token in [token(&world).await, "nonsense".to_owned()] {
        let body = encode(&form(&world.assertion().sign(), &token));
        let answer = call(&world, TestRequest::post().uri("/revoke").insert_header(FORM).set_payload(body)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (200, "no-store"));
        assert!(test::read_body(answer).await.is_empty());
    }
}

#[actix_web::test]
async fn http_is_as_strict_as_at_the_token_endpoint() {
    let world = World::new().await;
    let good = || encode(&form("x.y.z", "t"));
    let post = || TestRequest::post().uri("/revoke").insert_header(FORM);
    for (request, status) in [
        (TestRequest::get().uri("/revoke"), 405),
        (TestRequest::put().uri("/revoke").insert_header(FORM).set_payload(good()), 405),
        (TestRequest::post().uri("/revoke?token=t").insert_header(FORM).set_payload(good()), 400),
        (TestRequest::post().uri("/revoke").insert_header(("content-type", "application/json")).set_payload("{}"), 400),
        (post().set_payload("x".repeat(65_537)), 413),
        (post().set_payload(good()), 401),
        (post().insert_header(("authorization", "Basic eDp5")).set_payload(good()), 400),
    ] {
        let answer = call(&world, request).await;
        assert_eq!(answer.status(), status);
    }
}

#[actix_web::test]
async fn an_outage_is_a_503_that_says_when_to_come_back() {
    let world = World::new().await;
    let token = token(&world).await;
    world.status.failing.store(true, Ordering::SeqCst);
    let body = encode(&form(&world.assertion().sign(), &token));
    let answer = call(&world, TestRequest::post().uri("/revoke").insert_header(FORM).set_payload(body)).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (503, "2"));
    let body: Value = test::read_body_json(answer).await;
    assert_eq!(body["error"], "temporarily_unavailable");
}
