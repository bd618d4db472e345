use crate::health::Health;
use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig, get};
use metrics_exporter_prometheus::PrometheusHandle;

/// Adds the pages for whoever operates the company. They are served on loopback only and ask for no token.
pub(crate) fn configure(config: &mut ServiceConfig, health: Data<Health>, metrics: PrometheusHandle) {
    config
        .app_data(health)
        .app_data(Data::new(metrics))
        .route("/livez", get().to(livez))
        .route("/readyz", get().to(readyz))
        .route("/metrics", get().to(metrics_page));
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

async fn metrics_page(metrics: Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics.render())
}
