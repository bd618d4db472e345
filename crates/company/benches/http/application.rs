use actix_web::web::{ServiceConfig, get};
use actix_web::{HttpResponse, Responder};
use async_trait::async_trait;
use bridge_company::{Application, Context};
use bridge_store::Migration;
use bridge_types::ScopeSet;
use bridge_validator::{Authorized, GuardedRoutes, RequiredScope};

/// One handler, once open and once behind the gate.
pub(crate) struct Business;

struct Work;

impl RequiredScope for Work {
    const SCOPE: &'static str = "work";
}

#[async_trait]
impl Application for Business {
    const COMMAND: &'static str = "bench";
    const ABOUT: &'static str = "Answers";

    fn migrations() -> Vec<Migration> {
        Vec::new()
    }

    fn scopes() -> ScopeSet {
        "work".parse().unwrap()
    }

    fn new(_: Context) -> Self {
        Self
    }

    fn routes(&self) -> GuardedRoutes {
        GuardedRoutes::new().get("/guarded", guarded)
    }

    fn configure(&self, config: &mut ServiceConfig) {
        config.route("/open", get().to(open));
    }

    async fn background(&self) {
        std::future::pending::<()>().await;
    }
}

async fn guarded(_: Authorized<Work>) -> impl Responder {
    open().await
}

/// What an API typically answers: a small JSON document.
async fn open() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "items": [{ "id": 1, "state": "delivered" }], "next": null }))
}
