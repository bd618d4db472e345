use actix_web::web::{Data, Json, Path, ServiceConfig, get, post};
use actix_web::{HttpResponse, Responder};
use async_trait::async_trait;
use bridge_client::ApiRequest;
use bridge_company::{Application, Context};
use bridge_store::Migration;
use bridge_types::ScopeSet;
use bridge_validator::{Authorized, GuardedRoutes, RequiredScope};
use reqwest::Method;
use serde::Deserialize;
use std::time::Duration;

/// The smallest business that has everything: it keeps nothing and says who asked.
pub(crate) struct Notes {
    context: Context,
}

struct Read;

impl RequiredScope for Read {
    const SCOPE: &'static str = "notes:read";
}

struct Write;

impl RequiredScope for Write {
    const SCOPE: &'static str = "notes:write";
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

#[async_trait]
impl Application for Notes {
    const COMMAND: &'static str = "notes";
    const ABOUT: &'static str = "Keeps no notes";

    fn migrations() -> Vec<Migration> {
        vec![Migration { version: 1000, name: "notes", sql: "CREATE TABLE note (text TEXT NOT NULL) STRICT" }]
    }

    fn scopes() -> ScopeSet {
        "notes:read notes:write".parse().unwrap()
    }

    fn new(context: Context) -> Self {
        Self { context }
    }

    fn routes(&self) -> GuardedRoutes {
        GuardedRoutes::new().get("/notes", read).post("/notes", write).get("/slow", slow)
    }

    fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self.context.clone()))
            .route("/openapi.json", get().to(|| async { "{}" }))
            .route("/wait", get().to(wait))
            .route("/echo", post().to(|note: Json<Note>| async move { note.text.clone() }))
            .route("/ask/{partner}", get().to(ask));
    }

    async fn background(&self) {
        self.context.shutdown.cancelled().await;
    }
}

async fn read(authorized: Authorized<Read>) -> impl Responder {
    let principal = authorized.principal();
    Json(serde_json::json!({ "issuer": principal.issuer, "client_id": principal.client_id }))
}

async fn write(_: Authorized<Write>, note: Json<Note>) -> impl Responder {
    HttpResponse::Created().body(note.text.clone())
}

async fn slow(_: Authorized<Read>) -> impl Responder {
    tokio::time::sleep(Duration::from_millis(500)).await;
    "done"
}

/// Takes its time, longer than a connection may be quiet in the tests.
async fn wait() -> impl Responder {
    tokio::time::sleep(Duration::from_secs(8)).await;
    "done"
}

/// Lets this company call a partner, so that a test sees the whole way.
async fn ask(context: Data<Context>, partner: Path<String>) -> HttpResponse {
    let Some(api) = context.partners.api(&partner) else { return HttpResponse::NotImplemented().finish() };
    let request = ApiRequest::new(Method::GET, "/notes", "notes:read".parse().unwrap());
    match api.send(request).await {
        Ok(answer) => HttpResponse::Ok().body(answer.body().clone()),
        Err(error) => HttpResponse::BadGateway().body(error.to_string()),
    }
}
