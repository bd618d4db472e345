use bridge_client::{Credential, OutboundHttp, PartnerApi, TokenSource};
use bridge_jose::{Algorithm, SigningKey};
use bridge_types::{Clock, OwnIssuer};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Everything outside of the company: the partner's API, and the own issuer that gives tokens for it. The token for a
/// scope is the scope itself (with a dot, which a token may contain), so that a test sees what a request was allowed to do.
pub(crate) struct Neighbour {
    name: &'static str,
    server: MockServer,
    answers: Answers,
    api: PartnerApi,
}

/// A request that the partner received.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) scope: String,
    pub(crate) key: Option<String>,
    pub(crate) trace: String,
    pub(crate) body: Value,
}

impl Neighbour {
    pub(crate) async fn start(name: &'static str, clock: Arc<dyn Clock>) -> Self {
        let server = MockServer::start().await;
        let answers = Answers::default();
        let metadata = json!({"issuer": server.uri(), "token_endpoint": format!("{}/token", server.uri())});
        let well_known = Mock::given(method("GET")).and(path("/.well-known/oauth-authorization-server"));
        well_known.respond_with(ResponseTemplate::new(200).set_body_json(metadata)).mount(&server).await;
        Mock::given(method("POST")).and(path("/token")).respond_with(grant).mount(&server).await;
        Mock::given(wiremock::matchers::any()).respond_with(answers.clone()).with_priority(9).mount(&server).await;
        let api = partner_api(name, &server.uri(), clock);
        Self { name, server, answers, api }
    }

    /// The partner's name in the company's configuration.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn api(&self) -> PartnerApi {
        self.api.clone()
    }

    /// How the partner answers a request line from now on, whatever stands in the request.
    pub(crate) fn answers(&self, line: &str, status: u16, body: Value) {
        self.answers.0.lock().unwrap().usual.insert(line.to_owned(), (status, body));
    }

    /// How it answers the next requests, of any kind, before it answers as usual.
    pub(crate) fn fails_with(&self, statuses: impl IntoIterator<Item = u16>) {
        self.answers.0.lock().unwrap().next.extend(statuses);
    }

    /// What it received so far, in order; tokens and metadata do not count.
    pub(crate) async fn received(&self) -> Vec<Received> {
        let requests = self.server.received_requests().await.unwrap();
        let own =
            |request: &&Request| !matches!(request.url.path(), "/token" | "/.well-known/oauth-authorization-server");
        requests.iter().filter(own).map(received).collect()
    }

    /// The same, once there are so many.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..1000 {
            let received = self.received().await;
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("expected {count} requests, found {:?}", self.received().await);
    }
}

#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    next: VecDeque<u16>,
    usual: HashMap<String, (u16, Value)>,
}

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut script = self.0.lock().unwrap();
        if let Some(status) = script.next.pop_front() {
            return ResponseTemplate::new(status);
        }
        let (status, body) = script.usual.get(&line(request)).cloned().unwrap_or((503, Value::Null));
        ResponseTemplate::new(status).set_body_json(body)
    }
}

fn grant(request: &Request) -> ResponseTemplate {
    let form: HashMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let token = json!({"access_token": form["scope"].replace(':', "."), "token_type": "Bearer", "expires_in": 300,
                       "scope": form["scope"]});
    ResponseTemplate::new(200).set_body_json(token)
}

fn line(request: &Request) -> String {
    format!("{} {}", request.method, request.url.path())
}

fn received(request: &Request) -> Received {
    let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    Received {
        line: line(request),
        scope: header("authorization").unwrap().trim_start_matches("Bearer ").replace('.', ":"),
        key: header("idempotency-key"),
        trace: header("traceparent").unwrap(),
        body: serde_json::from_slice(&request.body).unwrap_or_default(),
    }
}

fn partner_api(name: &str, uri: &str, clock: Arc<dyn Clock>) -> PartnerApi {
    // An error says that another test was first, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let http = OutboundHttp::new(reqwest::Client::builder().tls_certs_only([])).unwrap();
    let credential = Credential::new("sender".parse().unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let tokens = TokenSource::new(OwnIssuer::new(uri.parse().unwrap()), credential, http.clone(), clock);
    PartnerApi::new(name, uri.parse().unwrap(), uri.parse().unwrap(), tokens, http)
}
