use bridge_client::{ApiRequest, Credential, OutboundHttp, PartnerApi, TokenSource};
use bridge_jose::{Algorithm, SigningKey};
use bridge_testkit::ManualClock;
use bridge_types::{Audience, IssuerUrl, OwnIssuer, ScopeSet};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;
use tokio::net::TcpSocket;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const LIFETIME: Duration = Duration::from_mins(5);

/// An HTTP client as the composition builds it.
pub(crate) fn http() -> OutboundHttp {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nobody else installs one");
    });
    OutboundHttp::new(reqwest::Client::builder().tls_certs_only([])).expect("the settings are sound")
}

pub(crate) fn audience() -> Audience {
    "https://api.company-b.example".parse().unwrap()
}

pub(crate) fn scopes(text: &str) -> ScopeSet {
    text.parse().unwrap()
}

/// An HTTP server on loopback.
///
/// It is dropped on a thread of its own: wiremock blocks in `drop`, and inside a task whose budget is used up that would
/// be for ever.
pub(crate) struct Server(Option<MockServer>);

impl Server {
    pub(crate) async fn start() -> Self {
        Self(Some(MockServer::start().await))
    }

    /// A server that gives every request this answer.
    pub(crate) async fn answering(answer: ResponseTemplate) -> Self {
        let server = Self::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        server
    }
}

impl Deref for Server {
    type Target = MockServer;

    fn deref(&self) -> &MockServer {
        self.0.as_ref().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let server = self.0.take();
        std::thread::spawn(move || drop(server)).join().unwrap();
    }
}

/// An address at which nobody listens, for as long as the socket lives.
pub(crate) fn nowhere() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    (socket, url)
}

/// The own issuer of a test: grants what is asked, unless it was told to answer otherwise.
pub(crate) struct FakeIssuer {
    server: Server,
    script: Script,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) credential: Credential,
    /// The key of the credential.
    pub(crate) key: SigningKey,
}

impl FakeIssuer {
    pub(crate) async fn start() -> Self {
        let server = Server::start().await;
        let script = Script::default();
        let metadata = json!({"issuer": server.uri(), "token_endpoint": format!("{}/token", server.uri())});
        let well_known = Mock::given(method("GET")).and(path("/.well-known/oauth-authorization-server"));
        well_known
            .respond_with(ResponseTemplate::new(200).set_body_json(metadata))
            .with_priority(9)
            .mount(&server)
            .await;
        Mock::given(method("POST")).and(path("/token")).respond_with(script.clone()).mount(&server).await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let credential = Credential::new("order-service".parse().unwrap(), key.clone());
        Self { server, script, clock: Arc::default(), credential, key }
    }

    pub(crate) fn url(&self) -> IssuerUrl {
        self.server.uri().parse().unwrap()
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn source(&self) -> TokenSource {
        TokenSource::new(OwnIssuer::new(self.url()), self.credential.clone(), http(), self.clock.clone())
    }

    /// The next request gets this answer.
    pub(crate) fn answer_next(&self, answer: ResponseTemplate) {
        self.script.0.lock().unwrap().next.push_back(answer);
    }

    /// All requests get this answer, until [`Self::recover`].
    pub(crate) fn fail(&self, answer: ResponseTemplate) {
        self.script.0.lock().unwrap().always = Some(answer);
    }

    pub(crate) fn recover(&self) {
        self.script.0.lock().unwrap().always = None;
    }

    /// Tokens take so long, in real time, to arrive.
    pub(crate) fn dawdle(&self, delay: Duration) {
        self.script.0.lock().unwrap().delay = delay;
    }

    /// The forms of all token requests so far.
    pub(crate) async fn token_requests(&self) -> Vec<HashMap<String, String>> {
        let received = self.server.received_requests().await.unwrap();
        received.iter().filter(|request| request.url.path() == "/token").map(form).collect()
    }

    /// Waits, in real time, until so many token requests have come.
    pub(crate) async fn wait_for_requests(&self, count: usize) {
        for _ in 0..500 {
            if self.token_requests().await.len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("expected {count} token requests, found {}", self.token_requests().await.len());
    }
}

/// A granted token, spelled out.
pub(crate) fn grant(token: &str, scope: &str) -> Value {
    json!({"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME.as_secs(), "scope": scope})
}

#[derive(Clone, Default)]
struct Script(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    granted: usize,
    next: VecDeque<ResponseTemplate>,
    always: Option<ResponseTemplate>,
    delay: Duration,
}

impl Respond for Script {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut answers = self.0.lock().unwrap();
        if let Some(answer) = answers.next.pop_front().or_else(|| answers.always.clone()) {
            return answer.set_delay(answers.delay);
        }
        answers.granted += 1;
        let token = grant(&format!("token-{}", answers.granted), &form(request)["scope"]);
        ResponseTemplate::new(200).set_body_json(token).set_delay(answers.delay)
    }
}

fn form(request: &Request) -> HashMap<String, String> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let form: HashMap<String, String> = pairs.iter().cloned().collect();
    assert_eq!(form.len(), pairs.len(), "a parameter was sent twice");
    form
}

/// The token that a source would attach, as text.
pub(crate) fn shown(token: &bridge_client::BearerToken) -> String {
    let mut headers = http::HeaderMap::new();
    token.attach(&mut headers);
    headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

/// The API of company B at this address, called by the client of this issuer.
pub(crate) fn partner(issuer: &FakeIssuer, url: &str) -> PartnerApi {
    PartnerApi::new("company-b", url.parse().unwrap(), audience(), issuer.source(), http())
}

/// A request without body that needs scope `a`.
pub(crate) fn request(path: &str) -> ApiRequest {
    ApiRequest::new(http::Method::GET, path, scopes("a"))
}
