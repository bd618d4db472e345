//! The gate before real actix-web handlers: credentials, challenges, problems, and what is not read.

mod answers;
mod credentials;
mod limits;
mod log;
mod order;

use crate::support::{API, ShipmentsRead, ShipmentsTrack, ShipmentsWrite, World};
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{App, HttpResponse, web};
use bridge_validator::{Authorized, FieldError, Gate, GuardedRoutes, Problem, correlate};
use serde_json::{Value, json};

async fn list(caller: Authorized<ShipmentsRead>) -> HttpResponse {
    let principal = caller.principal();
    HttpResponse::Ok().json(json!({"client": principal.client_id, "partner": principal.partner}))
}

async fn create(_: Authorized<ShipmentsWrite>, body: web::Bytes) -> String {
    body.len().to_string()
}

async fn track(_: Authorized<ShipmentsTrack>, _: web::Json<Value>) -> &'static str {
    "tracked"
}

async fn fail(_: Authorized<ShipmentsRead>) -> Result<String, Problem> {
    let defect = |expected: &str| FieldError { pointer: "/a".into(), expected: expected.into(), found: "b".into() };
    Err(Problem::validation_failed(vec![defect("c")]))
}

async fn forgetful() -> &'static str {
    "a secret"
}

async fn elsewhere() -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("location", "/a-secret")).finish()
}

async fn stubborn(caller: Result<Authorized<ShipmentsTrack>, actix_web::Error>) -> &'static str {
    assert!(caller.is_err());
    "a secret"
}

fn routes() -> GuardedRoutes {
    GuardedRoutes::new().get("/shipments", list).post("/shipments", create).post("/track", track).get("/fail", fail)
}

/// What came back: status, headers, body.
struct Seen {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Seen {
    fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers.get(name.as_ref()).map(|value| value.to_str().unwrap())
    }

    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

async fn send(world: &World, request: TestRequest) -> Seen {
    send_with(world, request, Payload::None).await
}

async fn send_with(world: &World, request: TestRequest, payload: Payload) -> Seen {
    let gate = Gate::new(world.validator.clone(), &API.parse().unwrap());
    let app = App::new()
        .wrap(from_fn(correlate))
        .route("/open", web::get().to(|| async { "open" }))
        .service(gate.configure("/unchecked", |config| {
            config.route("/forgetful", web::get().to(forgetful));
            config.route("/elsewhere", web::get().to(elsewhere));
            config.route("/stubborn", web::get().to(stubborn));
        }))
        .service(gate.routes("", routes()));
    let (request, _) = request.to_request().replace_payload(payload);
    seen(try_call_service(&init_service(app).await, request).await.unwrap()).await
}

async fn seen<B: MessageBody>(response: ServiceResponse<B>) -> Seen {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = actix_web::test::read_body(response).await;
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into()));
    Seen { status, headers, body }
}

fn get(path: &str) -> TestRequest {
    TestRequest::with_uri(path)
}

fn bearer(path: &str, token: &str) -> TestRequest {
    get(path).insert_header((AUTHORIZATION, format!("Bearer {token}")))
}
