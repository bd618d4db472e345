//! The gate before real actix-web handlers: credentials, challenges, problems, and what is not read.

use crate::support::{API, Answer, ISSUER, ShipmentsRead, ShipmentsTrack, ShipmentsWrite, World, jwks_uri};
use actix_web::dev::{Payload, Service, ServiceResponse};
use actix_web::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, read_body_json, try_call_service};
use actix_web::{App, HttpResponse, web};
use bridge_validator::{Authorized, FieldError, Gate, GuardedRoutes, Problem, correlate};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const PLACE: &str = "resource_metadata=\"https://api.company-b.example/.well-known/oauth-protected-resource\"";

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
    let response: ServiceResponse<_> = try_call_service(&init_service(app).await, request).await.unwrap();
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
async fn lets_a_good_token_through_whatever_the_case_of_its_scheme() {
    let world = World::new();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let request = get("/shipments").insert_header((AUTHORIZATION, format!("{scheme} {}", world.token().sign())));
        let seen = send(&world, request).await;
        assert_eq!(seen.status, 200, "{scheme}");
        assert_eq!(seen.body, json!({"client": "order-service", "partner": "company-a"}));
    }
}

#[actix_web::test]
async fn demands_exactly_one_bearer_token_in_exactly_one_header() {
    let world = World::new();
    let token = world.token().sign();
    let header = |value: String| get("/shipments").insert_header((AUTHORIZATION, value));
    for (name, request, status, code) in [
        ("nothing", get("/shipments"), 401, "token_missing"),
        ("another scheme", header("Basic YTpi".into()), 401, "token_missing"),
        (
            "two headers",
            header(format!("Bearer {token}")).append_header((AUTHORIZATION, format!("Bearer {token}"))),
            400,
            "request_invalid",
        ),
        (
            "two schemes in two headers",
            header("Basic YTpi".into()).append_header((AUTHORIZATION, format!("Bearer {token}"))),
            400,
            "request_invalid",
        ),
        ("two schemes in one header", header(format!("Bearer {token}, Basic YTpi")), 400, "request_invalid"),
        ("no token behind the scheme", header("Bearer".into()), 400, "request_invalid"),
        ("a token in quotes", header(format!("Bearer \"{token}\"")), 400, "request_invalid"),
        ("a token in the query", get(&format!("/shipments?access_token={token}")), 400, "request_invalid"),
        (
            "a token in the query, escaped",
            get(&format!("/shipments?x=1&access%5Ftoken={token}")),
            400,
            "request_invalid",
        ),
        ("a token in both", bearer("/shipments?access_token=x", &token), 400, "request_invalid"),
        ("9 KiB", header(format!("Bearer {}", "a".repeat(9000))), 401, "token_too_large"),
        ("no token", header("Bearer x".into()), 401, "token_malformed"),
    ] {
        let seen = send(&world, request).await;
        assert_eq!((seen.status, seen.code()), (status, code), "{name}");
    }
    let form =
        get("/shipments").method(Method::POST).insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"));
    let seen = send(&world, form.set_payload(format!("access_token={token}"))).await;
    assert_eq!((seen.status, seen.code()), (401, "token_missing"), "a token in a form");
}

#[actix_web::test]
async fn challenges_say_what_rfc_6750_wants_and_where_the_metadata_are() {
    let world = World::new();
    let start = format!("Bearer realm=\"{API}\"");
    for (request, challenge) in [
        (get("/shipments"), Some(format!("{start}, {PLACE}"))),
        (
            get("/shipments?access_token=x"),
            Some(format!(
                "{start}, error=\"invalid_request\", error_description=\"expected one bearer token in one header\", {PLACE}"
            )),
        ),
        (
            bearer("/shipments", &world.token().claim("aud", "https://evil.example/\",error=\"none").sign()),
            Some(format!(
                "{start}, error=\"invalid_token\", error_description=\"the token is for another audience\", {PLACE}"
            )),
        ),
        (
            bearer("/shipments", &world.token().claim("scope", "shipments:write").sign()),
            Some(format!(
                "{start}, error=\"insufficient_scope\", error_description=\"the token lacks the scope\", scope=\"shipments:read\", {PLACE}"
            )),
        ),
        (bearer("/track", &world.token().claim("scope", "shipments:track").sign()).method(Method::POST), None),
        (bearer("/shipments", &world.token().claim("sub", "x").claim("client_id", "x").sign()), None),
        (bearer("/shipments", &world.token().sign()), None),
    ] {
        let seen = send(&world, request).await;
        assert_eq!(seen.header(WWW_AUTHENTICATE.as_str()), challenge.as_deref(), "{}", seen.body);
    }
}

#[actix_web::test]
async fn problems_have_one_shape_and_the_correlation_id_of_the_header() {
    let world = World::new();
    let token = world.token().sign();
    for (request, status, code, extra) in [
        (
            get("/shipments"),
            401,
            "token_missing",
            json!({"title": "Token missing", "detail": "a bearer token is required"}),
        ),
        (
            bearer("/shipments", &world.token().claim("scope", "x").sign()),
            403,
            "insufficient_scope",
            json!({"title": "Insufficient scope", "detail": "the token lacks the scope", "required_scope": "shipments:read"}),
        ),
        (
            bearer("/track", &token).method(Method::POST),
            403,
            "scope_beyond_ceiling",
            json!({"title": "Scope beyond ceiling", "detail": "this client may never do this"}),
        ),
        (
            bearer("/fail", &token),
            422,
            "validation_failed",
            json!({"title": "Validation failed", "detail": "the request body does not have the expected form",
                   "errors": [{"pointer": "/a", "expected": "c", "found": "b"}]}),
        ),
        (
            bearer("/nowhere", &token),
            404,
            "not_found",
            json!({"title": "Not found", "detail": "there is nothing at this address"}),
        ),
        (
            bearer("/shipments", &token).method(Method::DELETE),
            405,
            "method_not_allowed",
            json!({"title": "Method not allowed", "detail": "this method is not for this address"}),
        ),
    ] {
        let seen = send(&world, request).await;
        let mut expected = json!({"type": format!("urn:bridge:problem:{code}"), "status": status, "code": code,
                                  "correlation_id": seen.header("x-correlation-id").unwrap()});
        expected.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert_eq!(seen.body, expected);
        assert_eq!(seen.status, status);
        assert_eq!(seen.header(CONTENT_TYPE.as_str()), Some("application/problem+json"));
    }
}

#[actix_web::test]
async fn a_known_path_names_its_methods() {
    let world = World::new();
    let seen = send(&world, bearer("/shipments", &world.token().sign()).method(Method::PUT)).await;
    assert_eq!((seen.status, seen.header(ALLOW.as_str())), (405, Some("GET, POST")));
}

#[actix_web::test]
async fn strangers_cannot_tell_which_paths_exist() {
    let world = World::new();
    for path in ["/shipments", "/nowhere", "/", "/unchecked/nowhere"] {
        assert_eq!(send(&world, get(path)).await.status, 401, "{path}");
    }
}

#[actix_web::test]
async fn every_answer_carries_a_correlation_id_of_ours() {
    let world = World::new();
    let token = world.token().sign();
    let mut seen = Vec::new();
    for request in [
        bearer("/shipments", &token),
        get("/shipments"),
        bearer("/nowhere", &token),
        get("/open"),
        bearer("/fail", &token),
    ] {
        let request = request.insert_header(("x-correlation-id", "chosen-by-the-caller"));
        let answer = send(&world, request).await;
        let id = answer.header("x-correlation-id").unwrap().to_owned();
        assert!(id.parse::<bridge_types::CorrelationId>().is_ok(), "{id}");
        seen.push(id);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
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
async fn keys_that_cannot_be_had_are_our_fault_for_now() {
    let world = World::new();
    world.network.answer(&jwks_uri(ISSUER), Answer::Status(500));
    let seen = send(&world, bearer("/shipments", &world.token().sign())).await;
    assert_eq!((seen.status, seen.code()), (503, "keys_unavailable"));
    assert_eq!((seen.header(RETRY_AFTER.as_str()), seen.header(WWW_AUTHENTICATE.as_str())), (Some("1"), None));
}

#[actix_web::test]
async fn policy_refusals_are_no_invitation_to_get_another_token() {
    for (edit, code) in [("enabled = false", "partner_disabled"), ("valid_until = 2020-01-01", "policy_expired")] {
        let world = World::new();
        world.edit(|policy| format!("{edit}\n{policy}"));
        let seen = send(&world, bearer("/shipments", &world.token().sign())).await;
        assert_eq!((seen.status, seen.code(), seen.header(WWW_AUTHENTICATE.as_str())), (403, code, None));
    }
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

#[actix_web::test]
async fn an_answer_contains_nothing_of_the_token() {
    let world = World::new();
    let secret = "zebra-in-the-claims";
    for token in [
        world.token().claim("aud", format!("https://{secret}.example")),
        world.token().claim("iss", format!("https://{secret}.example")),
        world.token().claim("sub", secret).claim("client_id", secret),
        world.token().claim("scope", secret),
        world.token().claim("exp", secret),
        world.token().header("kid", secret),
        world.token().header("typ", secret),
        world.token().header("alg", secret),
    ] {
        let seen = send(&world, bearer("/shipments", &token.sign())).await;
        assert!(seen.status >= 400);
        let shown = format!("{:?} {}", seen.headers, seen.body);
        assert!(!shown.contains(secret) && !shown.contains("order-service"), "{shown}");
    }
}
