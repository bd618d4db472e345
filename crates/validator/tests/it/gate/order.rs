//! What happens before what: nothing runs, is read or is told before the token was checked.

use super::{bearer, get, list, send, send_with};
use crate::support::World;
use actix_web::dev::{Payload, Service};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::test::{init_service, read_body_json};
use actix_web::{App, web};
use bridge_validator::correlate;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A body that notices when somebody asks for it.
fn watched() -> (Payload, Arc<AtomicBool>) {
    let read = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&read);
    let stream = futures_util::stream::once(async move {
        seen.store(true, Ordering::SeqCst);
        Ok(web::Bytes::from_static(b"body"))
    });
    (Payload::Stream { payload: Box::pin(stream) }, read)
}

#[actix_web::test]
async fn strangers_cannot_tell_which_paths_exist() {
    let world = World::new();
    for path in ["/shipments", "/nowhere", "/", "/unchecked/nowhere"] {
        assert_eq!(send(&world, get(path)).await.status, 401, "{path}");
    }
}

#[actix_web::test]
async fn no_body_is_read_before_the_request_is_authorized() {
    let world = World::new();
    let post = |path: &str, token: &str| bearer(path, token).method(Method::POST);
    for (request, status) in [
        (get("/shipments").method(Method::POST), 401),
        (post("/shipments", &world.token().claim("exp", 1).sign()), 401),
        (post("/shipments", &world.token().claim("scope", "shipments:read").sign()), 403),
        (post("/track", &world.token().sign()), 403),
        (post("/nowhere", &world.token().sign()), 404),
    ] {
        let (payload, read) = watched();
        let seen = send_with(&world, request, payload).await;
        assert_eq!((seen.status, read.load(Ordering::SeqCst)), (status, false), "{}", seen.body);
    }
    let (payload, read) = watched();
    let seen = send_with(&world, post("/shipments", &world.token().sign()), payload).await;
    assert_eq!((seen.status, seen.body, read.load(Ordering::SeqCst)), (200, json!(4), true));
}

#[actix_web::test]
async fn the_answer_of_a_handler_that_forgot_its_scope_is_withheld() {
    let world = World::new();
    for path in ["/unchecked/forgetful", "/unchecked/elsewhere", "/unchecked/stubborn"] {
        let seen = send(&world, bearer(path, &world.token().sign())).await;
        assert_eq!((seen.status, seen.code()), (500, "internal"), "{path}");
        assert!(!format!("{:?} {}", seen.headers, seen.body).contains("secret"), "{path}");
    }
}

#[actix_web::test]
async fn a_guarded_handler_outside_the_gate_answers_nobody() {
    let world = World::new();
    let app = init_service(App::new().wrap(from_fn(correlate)).route("/shipments", web::get().to(list))).await;
    let response = app.call(bearer("/shipments", &world.token().sign()).to_request()).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body: Value = read_body_json(response).await;
    assert_eq!(body["code"], "internal");
}
