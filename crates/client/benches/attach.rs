//! What the client role costs on the path of a call: attaching a token that is at hand, and the first rush for one.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a benchmark, a broken premise is a panic")]

use bridge_client::{BearerToken, Credential, OutboundHttp, TokenSource};
use bridge_jose::{Algorithm, SigningKey};
use bridge_types::{Audience, OwnIssuer, ScopeSet, SystemClock};
use criterion::{Criterion, criterion_group, criterion_main};
use http::HeaderMap;
use serde_json::json;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use tokio::runtime::Runtime;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

const CALLERS: usize = 10_000;

/// An issuer on loopback that always grants, with a token as long as an RFC 9068 token with ES256 is.
async fn issuer() -> MockServer {
    let server = MockServer::start().await;
    let metadata = json!({"issuer": server.uri(), "token_endpoint": format!("{}/token", server.uri())});
    let grant = json!({"access_token": "x".repeat(620), "token_type": "Bearer", "expires_in": 300});
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_json(metadata)).mount(&server).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200).set_body_json(grant)).mount(&server).await;
    server
}

fn source(server: &MockServer) -> TokenSource {
    let issuer = OwnIssuer::new(server.uri().parse().unwrap());
    let credential = Credential::new("shop".parse().unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let http = OutboundHttp::new(reqwest::Client::builder().tls_certs_only([])).unwrap();
    TokenSource::new(issuer, credential, http, Arc::new(SystemClock::new()))
}

fn wanted(number: usize) -> (Audience, ScopeSet) {
    let audience = format!("https://api-{number}.company-b.example:8452").parse().unwrap();
    (audience, "shipments:read shipments:write".parse().unwrap())
}

fn ready(future: impl Future<Output = BearerToken>) -> BearerToken {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(token) => token,
        Poll::Pending => panic!("the token was not at hand"),
    }
}

fn attach(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(issuer());
    for slots in [1, 8] {
        let source = runtime.block_on(async {
            let source = source(&server);
            for number in 0..slots {
                let (audience, scopes) = wanted(number);
                source.token(&audience, &scopes).await.unwrap();
            }
            source
        });
        let (audience, scopes) = wanted(slots - 1);
        let mut headers = HeaderMap::with_capacity(8);
        criterion.bench_function(&format!("attach a cached token, {slots} slot(s)"), |bencher| {
            bencher.iter(|| {
                let token = ready(async { source.token(black_box(&audience), black_box(&scopes)).await.unwrap() });
                token.attach(&mut headers);
            });
        });
    }
}

/// The measure is the count of requests, checked in every round; the time is a bonus.
fn first_rush(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(issuer());
    let rounds = AtomicUsize::new(0);
    let rush = async || {
        let source = source(&server);
        let callers = (0..CALLERS).map(|_| {
            let source = source.clone();
            tokio::spawn(async move {
                let (audience, scopes) = wanted(0);
                source.token(&audience, &scopes).await.unwrap()
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let received = server.received_requests().await.unwrap();
        let asked = received.iter().filter(|request| request.method == http::Method::POST).count();
        let rounds = rounds.fetch_add(1, Ordering::Relaxed) + 1;
        assert_eq!(asked, rounds, "{rounds} rushes of {CALLERS} first callers caused {asked} token requests");
    };
    let mut group = criterion.benchmark_group("first rush");
    group.sample_size(10);
    group.bench_function(format!("{CALLERS} first callers, 1 token request"), |bencher| {
        bencher.to_async(&runtime).iter(rush);
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nobody else installs one");
    attach(criterion);
    first_rush(criterion);
}

criterion_group!(client, benches);
criterion_main!(client);
