use crate::http::Meter;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::RETRY_AFTER;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// An answer that is complete may still be on its way to the socket.
const FLUSH: Duration = Duration::from_millis(100);

/// The requests that a listener is answering.
///
/// Counted here, because the server itself counts connections: an idle connection of a partner would hold up every stop
/// until the time-out.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    requests: AtomicUsize,
    draining: AtomicBool,
    one_less: Notify,
}

/// Counts one request until it is dropped.
struct Counted(Arc<InFlight>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
        self.0.one_less.notify_one();
    }
}

impl InFlight {
    /// Middleware: counts the request, or refuses it with 503 once the listener drains.
    pub(crate) async fn count<B: MessageBody>(
        self: Arc<Self>,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<EitherBody<B>>, Error> {
        self.requests.fetch_add(1, Ordering::AcqRel);
        let _counted = Counted(Arc::clone(&self));
        let meter = request.conn_data::<Rc<Meter>>().cloned();
        let _handling = meter.as_ref().map(|meter| meter.handle());
        if self.draining.load(Ordering::Acquire) {
            let refusal = HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "1")).force_close().finish();
            let refused: ServiceResponse<BoxBody> = request.into_response(refusal);
            return Ok(refused.map_into_right_body());
        }
        Ok(next.call(request).await?.map_into_left_body())
    }

    /// Refuses new requests from now on and waits until those that run are answered, but no longer than `patience`.
    pub(crate) async fn drain(&self, patience: Duration) {
        self.draining.store(true, Ordering::Release);
        let none_left = async {
            while self.requests.load(Ordering::Acquire) > 0 {
                self.one_less.notified().await;
            }
        };
        if timeout(patience, none_left).await.is_err() {
            tracing::warn!(target: "bridge", event = "stopping", outcome = "error", "requests were cut off");
        }
        sleep(FLUSH).await;
    }
}
