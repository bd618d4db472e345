use crate::listener::{Connection, Listener};
use crate::proxy::Peer;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How large the head of a request may be, and how many fields it may have.
const HEAD_BYTES: usize = 32 * 1024;
const HEAD_FIELDS: usize = 100;
/// How long a head may take, and how long a connection may wait for the next.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// What is held of a body for each direction of a connection.
const BUFFER: usize = 64 * 1024;
/// After an error that another attempt would meet again, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What answers requests.
pub(crate) trait Service: Send + Sync + 'static {
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static;

    /// Answers one request of this peer.
    fn answer(&self, peer: Peer, request: Request<Incoming>) -> impl Future<Output = Response<Self::Body>> + Send;
}

impl Service for crate::proxy::Proxy {
    type Body = crate::proxy::AnswerBody;

    async fn answer(&self, peer: Peer, request: Request<Incoming>) -> Response<Self::Body> {
        Self::answer(self, peer, request).await
    }
}

/// How a server ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    /// How many connections there may be at a time; more wait.
    pub(crate) connections: usize,
    /// How long requests that run may take to end.
    pub(crate) drain: Duration,
}

/// Serves HTTP/1.1 on a listener until told to stop, then lets the requests that run end.
pub(crate) async fn serve<S: Service>(listener: Listener, service: Arc<S>, ending: Ending, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(ending.connections));
    let mut open = JoinSet::new();
    while let Some(place) = stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await {
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else { break };
        while open.try_join_next().is_some() {}
        match accepted {
            Ok((connection, peer)) => {
                let (service, stop) = (Arc::clone(&service), stop.clone());
                open.spawn(async move {
                    match connection {
                        Connection::Tcp(stream) => converse(stream, peer, service, stop).await,
                        Connection::Unix(stream) => converse(stream, peer, service, stop).await,
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::error!(target: "bridge", event = "accept_failed", outcome = "error", detail = %error, "no connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Whoever connects from now on is told at once that nobody listens.
    drop(listener);
    if timeout(ending.drain, async { while open.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!(target: "bridge", event = "stopping", outcome = "error", requests = open.len(), "requests were cut off");
    }
}

async fn converse<S: Service>(
    stream: impl Read + Write + Unpin + Send + 'static,
    peer: Peer,
    service: Arc<S>,
    stop: CancellationToken,
) {
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(peer, request).await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_headers(HEAD_FIELDS)
            .max_header_size(HEAD_BYTES)
            .max_buf_size(BUFFER)
            .serve_connection(stream, answer)
    );
    // An error here is the caller's or the partner's going away, which whoever noticed has logged; or a head that is not
    // HTTP, which hyper has answered.
    if stop.run_until_cancelled(connection.as_mut()).await.is_none() {
        connection.as_mut().graceful_shutdown();
        drop(connection.await);
    }
}
