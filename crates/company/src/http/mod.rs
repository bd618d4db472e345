//! HTTP/1.1 on a listener: each connection passes the door, and each request what all listeners have in common.

mod door;
mod meter;
mod stream;

pub(crate) use door::Door;
pub(crate) use meter::Meter;

use crate::config::LimitsConfig;
use crate::in_flight::InFlight;
use crate::linger::linger;
use actix_http::HttpService;
use actix_service::{IntoService, IntoServiceFactory, Service, ServiceFactory, fn_factory, map_config};
use actix_web::App;
use actix_web::dev::{AppConfig, Extensions};
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::ServiceConfig;
use bridge_validator::web::correlate;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use stream::Stream;
use tokio::net::TcpStream;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(5);
/// How long the other side may take to see that a connection is closed.
const DISCONNECT: Duration = Duration::from_secs(1);

/// What one listener serves. Cloned for each worker thread.
pub(crate) trait Routes: Clone + Send + 'static {
    /// The name of the listener in logs and metrics.
    const LISTENER: &'static str;
    /// How many threads serve it.
    const WORKERS: usize;
    /// True when every answer carries the correlation id of its request.
    const CORRELATED: bool;

    /// Adds the routes.
    fn configure(&self, config: &mut ServiceConfig);
}

/// The service of one worker thread of a listener: it takes sockets and serves them to their end.
///
/// Not made by `actix_web::HttpServer`, which lets nobody near a connection before its TLS handshake, nor near its end.
pub(crate) fn worker<R: Routes>(
    routes: R,
    door: Arc<Door>,
    in_flight: Arc<InFlight>,
    limits: LimitsConfig,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()> {
    fn_factory(move || {
        let (routes, in_flight, door) = (routes.clone(), Arc::clone(&in_flight), Arc::clone(&door));
        let body_time = limits.body_time.duration();
        let app = App::new()
            .configure(|config| routes.configure(config))
            .wrap(from_fn(move |request, next| Arc::clone(&in_flight).count(request, next)))
            .wrap(Condition::new(R::CORRELATED, from_fn(correlate)))
            .wrap(from_fn(move |request, next| linger(body_time, request, next)));
        let http = HttpService::build()
            .keep_alive(limits.keep_alive.duration())
            .client_request_timeout(HEAD)
            .client_disconnect_timeout(DISCONNECT)
            .on_connect_ext(|stream: &Stream, data: &mut Extensions| drop(data.insert(Rc::clone(stream.meter()))))
            .h1(map_config(app.into_factory(), |()| AppConfig::default()));
        async move {
            let http = Rc::new(http.new_service(()).await?);
            let connection = move |socket: TcpStream| {
                let (door, http) = (Arc::clone(&door), Rc::clone(&http));
                async move {
                    door.serve(socket, |stream, peer| http.call((stream, peer))).await;
                    Ok::<(), ()>(())
                }
            };
            Ok::<_, ()>(connection.into_service())
        }
    })
}
