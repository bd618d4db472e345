use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What a server of a test answers.
pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, std::io::Error>>;

/// An answer with a body that is at hand.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()).unwrap()
}

/// An HTTP server on loopback, gone with this value.
pub(crate) struct Server {
    address: SocketAddr,
    _accepting: JoinSet<()>,
}

impl Server {
    /// Serves whatever `handle` answers.
    pub(crate) async fn start<H>(handle: H) -> Self
    where
        H: Fn(Request<Incoming>) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handle = Arc::new(handle);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let handle = Arc::clone(&handle);
                let service = service_fn(move |request| {
                    let answer = handle(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                open.spawn(
                    async move { drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await) },
                );
            }
        });
        Self { address, _accepting: accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A request as a partner saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// The token that came with it.
    pub(crate) fn token(&self) -> &str {
        self.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap()
    }
}

/// A partner that reads each request to its end, notes it, and answers.
pub(crate) struct Partner {
    server: Server,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Partner {
    pub(crate) async fn start(respond: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (notes, respond) = (Arc::clone(&seen), Arc::new(respond));
        let server = Server::start(move |request| {
            let (notes, respond) = (Arc::clone(&notes), Arc::clone(&respond));
            Box::pin(async move {
                let (head, body) = request.into_parts();
                let Ok(body) = body.collect().await else { return answer(400, &[], "") };
                let seen = Seen { method: head.method, uri: head.uri, headers: head.headers, body: body.to_bytes() };
                let answer = respond(&seen);
                notes.lock().unwrap().push(seen);
                answer
            })
        })
        .await;
        Self { server, seen }
    }

    /// A partner that answers everything with 200 and a short text.
    pub(crate) async fn friendly() -> Self {
        Self::start(|_| answer(200, &[], "hello")).await
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request that came.
    pub(crate) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "expected one request, found {seen:?}");
        seen[0].clone()
    }
}
