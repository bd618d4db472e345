use crate::answers;
use crate::health::Health;
use crate::proxy::{Peer, check_host, refuse_browsers};
use crate::server::Service;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// The pages for whoever operates the sidecar: `/livez`, `/readyz`, `/metrics`. They are served on loopback only, say no
/// secret, and ask for no key.
pub(crate) struct Pages {
    pub(crate) address: SocketAddr,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: PrometheusHandle,
}

impl Service for Pages {
    type Body = Full<Bytes>;

    async fn answer(&self, _: Peer, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let headers = request.headers();
        if refuse_browsers(headers).and_then(|()| check_host(headers, self.address)).is_err() {
            return plain(StatusCode::FORBIDDEN);
        }
        if request.method() != Method::GET {
            return plain(StatusCode::METHOD_NOT_ALLOWED);
        }
        match request.uri().path() {
            "/livez" => answers::json(StatusCode::OK, "application/json", &json!({ "status": "alive" })),
            "/readyz" => {
                let readiness = self.health.readiness();
                let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                answers::json(status, "application/json", &readiness)
            }
            "/metrics" => answers::with_body(StatusCode::OK, "text/plain; version=0.0.4", self.metrics.render().into()),
            _ => plain(StatusCode::NOT_FOUND),
        }
    }
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    answers::json(status, "application/json", &json!({ "status": status.as_u16() }))
}
