use crate::health::Health;
use crate::this_machine::this_machine_only;
use actix_web::HttpResponse;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig, get};
use metrics_exporter_prometheus::PrometheusHandle;

/// The pages for whoever operates the company. They are served on loopback only, to callers that ask
/// for this machine by name, and ask for no token.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    health: Data<Health>,
    metrics: Data<PrometheusHandle>,
}

impl Pages {
    pub(crate) fn new(health: Data<Health>, metrics: Data<PrometheusHandle>) -> Self {
        Self { health, metrics }
    }

    /// Adds `/livez`, `/readyz` and `/metrics`.
    pub(crate) fn configure(&self, config: &mut ServiceConfig) {
        let pages = web::scope("")
            .app_data(self.health.clone())
            .app_data(self.metrics.clone())
            .route("/livez", get().to(livez))
            .route("/readyz", get().to(readyz))
            .route("/metrics", get().to(metrics))
            .wrap(from_fn(this_machine_only));
        config.service(pages);
    }
}

/// The process answers; nothing more is said.
async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))
}

async fn readyz(health: Data<Health>) -> HttpResponse {
    let readiness = health.readiness().await;
    let mut answer = if readiness.is_ready() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.json(readiness)
}

async fn metrics(metrics: Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics.render())
}
