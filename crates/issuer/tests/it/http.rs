use crate::support::{World, encode, good_form, header};
use actix_web::dev::{Payload, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use actix_web::{App, test};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn call(world: &World, request: TestRequest) -> ServiceResponse {
    let app = test::init_service(App::new().configure(|config| world.issuer.configure(config))).await;
    test::call_service(&app, request.to_request()).await
}

fn post(world: &World) -> TestRequest {
    TestRequest::post().uri("/token").set_payload(encode(&good_form(&world.assertion().sign())))
}

/// Every answer of the token endpoint is JSON that no cache may keep.
async fn body(answer: ServiceResponse) -> Value {
    for (name, value) in [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")] {
        assert_eq!(header(&answer, name), value);
    }
    test::read_body_json(answer).await
}

#[actix_web::test]
async fn a_good_request_gets_the_answer_of_rfc_6749() {
    let world = World::new().await;
    let answer = call(&world, post(&world).insert_header(FORM)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = body(answer).await;
    assert_eq!(answer.as_object().unwrap().len(), 4, "{answer}");
    assert_eq!(answer["access_token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert_eq!(answer["scope"], "shipments:read");
}

#[actix_web::test]
async fn takes_forms_alone() {
    let world = World::new().await;
    for (content_type, status) in [
        ("application/x-www-form-urlencoded", 200),
        ("Application/X-WWW-Form-Urlencoded", 200),
        ("application/x-www-form-urlencoded; charset=UTF-8", 200),
        ("application/x-www-form-urlencoded;charset=\"utf-8\"", 200),
        ("application/x-www-form-urlencoded; charset=utf-16", 400),
        ("application/x-www-form-urlencoded; boundary=utf-8", 400),
        ("application/x-www-form-urlencoded2", 400),
        ("application/json", 400),
        ("multipart/form-data; boundary=x", 400),
        ("text/plain", 400),
        ("", 400),
    ] {
        let answer = call(&world, post(&world).insert_header(("content-type", content_type))).await;
        assert_eq!(answer.status().as_u16(), status, "{content_type}");
    }
    assert_eq!(call(&world, post(&world)).await.status(), StatusCode::BAD_REQUEST, "no content type");
    let twice = post(&world).insert_header(FORM).append_header(("content-type", "text/plain"));
    assert_eq!(call(&world, twice).await.status(), StatusCode::BAD_REQUEST, "two content types");
    for (coding, status) in [("gzip", 400), ("br", 400), ("", 400), ("identity, gzip", 400), ("Identity", 200)] {
        let answer = call(&world, post(&world).insert_header(FORM).insert_header(("content-encoding", coding))).await;
        assert_eq!(answer.status().as_u16(), status, "a plain form that is called {coding:?}");
    }
}

#[actix_web::test]
async fn refuses_parameters_in_the_query() {
    let world = World::new().await;
    for (query, status) in [("?scope=shipments:read", 400), ("?x", 400), ("?", 200)] {
        let answer = call(&world, post(&world).insert_header(FORM).uri(&format!("/token{query}"))).await;
        assert_eq!(answer.status().as_u16(), status, "{query}");
    }
}

#[actix_web::test]
async fn refuses_a_body_of_more_than_64_kib() {
    let world = World::new().await;
    let padded = |length: usize| {
        let mut form = encode(&good_form(&world.assertion().sign()));
        form.push_str("&x=");
        form.extend(std::iter::repeat_n('x', length - form.len()));
        TestRequest::post().uri("/token").insert_header(FORM).set_payload(form)
    };
    assert_eq!(call(&world, padded(64 * 1024)).await.status(), StatusCode::OK);
    let answer = call(&world, padded(64 * 1024 + 1)).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(body(answer).await["error"], "invalid_request");
    let declared = post(&world).insert_header(FORM).insert_header(("content-length", "65537"));
    assert_eq!(call(&world, declared).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[actix_web::test]
async fn reads_no_more_of_a_body_than_it_takes() {
    let world = World::new().await;
    let read = Rc::new(Cell::new(0));
    let counter = Rc::clone(&read);
    let endless = stream::repeat_with(move || {
        counter.set(counter.get() + 1);
        Ok(Bytes::from_static(&[b'x'; 1024]))
    });
    assert_eq!(call_with(&world, endless).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(read.get(), 65);
}

#[actix_web::test]
async fn a_body_that_breaks_off_or_never_comes_is_refused() {
    let world = World::new().await;
    let broken = stream::iter([Ok(Bytes::from_static(b"grant_type=")), Err(PayloadError::Incomplete(None))]);
    assert_eq!(call_with(&world, broken).await.status(), StatusCode::BAD_REQUEST);
    tokio::time::pause();
    assert_eq!(call_with(&world, stream::pending()).await.status(), StatusCode::REQUEST_TIMEOUT);
}

async fn call_with(world: &World, body: impl Stream<Item = Result<Bytes, PayloadError>> + 'static) -> ServiceResponse {
    let app = test::init_service(App::new().configure(|config| world.issuer.configure(config))).await;
    let request = TestRequest::post().uri("/token").insert_header(FORM).to_request();
    let (request, _) = request.replace_payload(Payload::Stream { payload: body.boxed_local() });
    test::call_service(&app, request).await
}

#[actix_web::test]
async fn names_a_scheme_only_to_a_client_that_used_the_authorization_header() {
    let world = World::new().await;
    let basic = ("authorization", "Basic b3JkZXItc2VydmljZTpodW50ZXIy");
    let without_assertion =
        || TestRequest::post().uri("/token").insert_header(FORM).set_payload("grant_type=client_credentials");

    let answer = call(&world, without_assertion().insert_header(basic)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&answer, "www-authenticate"), "Basic realm=\"token endpoint\"");
    assert_eq!(body(answer).await["error"], "invalid_client");

    let answer = call(&world, without_assertion()).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(header(&answer, "www-authenticate").is_empty());

    let answer = call(&world, post(&world).insert_header(FORM).insert_header(basic)).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(body(answer).await["error"], "invalid_request");
}

#[actix_web::test]
async fn an_outage_is_a_503_that_says_when_to_come_back() {
    let world = World::new().await;
    world.store.failing.store(true, Ordering::SeqCst);
    let answer = call(&world, post(&world).insert_header(FORM)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&answer, "retry-after"), "2");
    assert_eq!(
        body(answer).await,
        json!({"error": "temporarily_unavailable", "error_description": "the request cannot be served right now; try again"})
    );
}

#[actix_web::test]
async fn no_answer_repeats_what_the_request_said() {
    let world = World::new().await;
    for (name, status, error) in [
        ("grant_type", 400, "unsupported_grant_type"),
        ("client_assertion_type", 401, "invalid_client"),
        ("client_assertion", 401, "invalid_client"),
        ("client_id", 401, "invalid_client"),
        ("scope", 400, "invalid_scope"),
        ("resource", 400, "invalid_target"),
    ] {
        let assertion = world.assertion().sign();
        let mut form = good_form(&assertion);
        form.retain(|(held, _)| *held != name);
        form.push((name, "<b>hostile</b>"));
        let request = TestRequest::post().uri("/token").insert_header(FORM).set_payload(encode(&form));
        let answer = call(&world, request).await;
        assert_eq!(answer.status().as_u16(), status, "{name}");
        let answer = body(answer).await;
        assert_eq!(answer["error"], error, "{name}");
        assert!(!answer.to_string().contains("hostile"), "{answer}");
    }
}
