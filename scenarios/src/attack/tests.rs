//! The command against targets that are not Bridge.

use super::Attack;
use actix_web::dev::ServerHandle;
use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::net::TcpListener;
use std::num::NonZeroU32;
use tempfile::TempDir;

type Answer = fn(&HttpRequest) -> HttpResponse;

/// Takes whatever calls itself a bearer token.
fn credulous(request: &HttpRequest) -> HttpResponse {
    if request.headers().contains_key(AUTHORIZATION) { HttpResponse::Ok().body("welcome") } else { paranoid(request) }
}

/// Takes nothing.
fn paranoid(_: &HttpRequest) -> HttpResponse {
    HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, "Bearer")).finish()
}

/// Breaks when a token comes that it has not expected.
fn fragile(request: &HttpRequest) -> HttpResponse {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match header.matches('.').count() {
        2 => HttpResponse::Ok().finish(),
        0 => paranoid(request),
        _ => HttpResponse::InternalServerError().body("thread 'main' panicked at src/main.rs"),
    }
}

fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn serve(answer: Answer) -> (String, ServerHandle) {
    let listener = port();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = move || App::new().default_service(web::to(move |request: HttpRequest| async move { answer(&request) }));
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    tokio::spawn(server);
    (url, handle)
}

/// Attacks the target, and gives the exit code and the report.
async fn attack(answer: Answer, only: &str) -> (Result<bool, String>, serde_json::Value) {
    // An error says that another test was first, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let (url, handle) = serve(answer);
    let directory = TempDir::new().unwrap();
    let issuer = format!("http://{}", port().local_addr().unwrap());
    let policy = format!(
        "[issuer]\nurl = \"{issuer}\"\n[client]\nclient_id = \"c\"\nscopes = [\"read\"]\n[target]\naudience = \"{url}\"\n\
         route = \"GET /\"\nrequired_scope = \"read\"\nalgorithms = [\"ES256\"]\nstrictness = \"generic\"\n\
         patience_seconds = 0\n"
    );
    let file = directory.path().join("policy.toml");
    std::fs::write(&file, policy).unwrap();
    let attack = Attack {
        target: url.parse().unwrap(),
        policy: file,
        report: directory.path().join("report"),
        authorised: Vec::new(),
        rate: NonZeroU32::new(1000).unwrap(),
        count: NonZeroU32::new(100).unwrap(),
        only: Some(only.to_owned()),
    };
    let done = super::run(&attack).await.map_err(|error| error.to_string());
    handle.stop(false).await;
    let report = std::fs::read_to_string(directory.path().join("report/report.json")).unwrap_or_default();
    (done, serde_json::from_str(&report).unwrap_or_default())
}

#[tokio::test]
async fn a_target_that_takes_everything_is_found_out() {
    let (done, report) = attack(credulous, "/signature/").await;
    assert_eq!(done, Ok(false));
    let tally = &report["tally"];
    assert!(tally["wrong_accepts"].as_u64() > Some(30) && tally["wrong_refusals"] == 0, "{tally}");
}

#[tokio::test]
async fn a_target_that_takes_nothing_cannot_be_judged() {
    let (done, report) = attack(paranoid, "/signature/").await;
    let problem = done.unwrap_err();
    assert!(problem.contains("does not take a valid ES256 token") && report.is_null(), "{problem}");
}

#[tokio::test]
async fn a_target_that_breaks_is_found_out() {
    let (done, report) = attack(fragile, "/form/").await;
    assert_eq!(done, Ok(false));
    assert!(report.to_string().contains(r#"{"fault":"server_error","status":500}"#));
    assert!(report.to_string().contains("panicked"), "what it says of its inside is a leak");
}

#[tokio::test]
async fn only_cases_that_exist_are_fired() {
    let (done, _) = attack(credulous, "no/such/case").await;
    assert!(done.unwrap_err().contains("no case has such an id"));
}
