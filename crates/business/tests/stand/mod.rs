//! One company's business on the test stand: its real routes behind the real gate, its real database and outbox, and
//! beside it one partner that only answers. Both companies include this file in their tests.

#[cfg(target_os = "linux")]
mod guards;
mod neighbour;
mod scopes;

#[cfg(target_os = "linux")]
pub(crate) use guards::assert_guarded;
pub(crate) use neighbour::Neighbour;

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
use actix_web::{App, Error};
use bridge_company::{Application, Context, Partners};
use bridge_jose::Algorithm;
use bridge_store::{Database, DatabaseUrl, Dispatcher, Pace};
use bridge_testkit::TestIssuer;
use bridge_types::{Audience, Clock, OwnIssuer, SystemClock};
use bridge_validator::{Gate, KeySetup, KeyTiming, TrustPolicies, TrustPolicy, Validator, correlate};
use serde_json::Value;
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The clients that every policy of the stand admits.
const CLIENTS: [&str; 2] = ["first", "second"];

pub(crate) struct Stand<A> {
    company: &'static str,
    api: Audience,
    pub(crate) database: Database,
    pub(crate) neighbour: Neighbour,
    application: Arc<A>,
    issuers: [(&'static str, TestIssuer); 3],
    policies: Arc<TrustPolicies>,
    gate: Gate,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
    directory: TempDir,
}

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The pointers of all defects.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
    }
}

impl<A: Application> Stand<A> {
    /// The company, trusting itself, its neighbour (whom it also calls) and one more partner, `stranger`.
    pub(crate) async fn new(company: &'static str, neighbour: &'static str) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let api: Audience = format!("https://api.{company}.example").parse().unwrap();
        let directory = TempDir::new().unwrap();
        let issuers =
            [company, neighbour, "stranger"].map(|name| (name, TestIssuer::new(&issuer_of(name), Algorithm::Es256)));
        for (name, issuer) in &issuers {
            write_policy::<A>(directory.path(), name, issuer, &api);
        }
        let fetchers = Arc::new(|_: &TrustPolicy| Err("nothing is fetched here".to_owned()));
        let setup = KeySetup { fetchers, clock: Arc::clone(&clock), timing: KeyTiming::default(), status: None };
        let policies = Arc::new(TrustPolicies::load(directory.path(), setup).unwrap());
        let gate = Gate::new(Validator::new(Arc::clone(&policies), Arc::clone(&clock)), &api);
        let other = Neighbour::start(neighbour, Arc::clone(&clock)).await;
        let (database, shutdown) = (open::<A>(&directory, &clock).await, CancellationToken::new());
        let partners = partners(&other);
        let context = context(company, &api, &database, partners, (&clock, &shutdown));
        let application = Arc::new(A::new(context));
        let neighbour = other;
        Self { company, api, database, neighbour, application, issuers, policies, gate, clock, shutdown, directory }
    }

    /// Exchanges the names of two policy files while the company runs, as an operator may.
    pub(crate) fn exchange_names(&self, one: &str, other: &str) {
        let file = |name: &str| self.directory.path().join(format!("{name}.toml"));
        let (first, second) = (fs::read(file(one)).unwrap(), fs::read(file(other)).unwrap());
        fs::write(file(one), second).unwrap();
        fs::write(file(other), first).unwrap();
        assert!(self.policies.reload(self.directory.path()).rejected.is_empty());
    }

    /// How many messages wait to be delivered.
    pub(crate) async fn waiting(&self) -> u64 {
        self.database.backlog().await.unwrap().iter().map(|backlog| backlog.waiting).sum()
    }

    /// Stops the company without a word and starts it again on the same database.
    pub(crate) async fn restart(&mut self) {
        self.shutdown.cancel();
        self.database.close().await;
        self.shutdown = CancellationToken::new();
        self.database = open::<A>(&self.directory, &self.clock).await;
        let partners = partners(&self.neighbour);
        let context = context(self.company, &self.api, &self.database, partners, (&self.clock, &self.shutdown));
        self.application = Arc::new(A::new(context));
    }

    /// Delivers messages until the next restart, as a company does.
    pub(crate) fn run(&self) -> JoinHandle<()> {
        let deliver = self.application.deliver().unwrap();
        let (database, shutdown) = (self.database.clone(), self.shutdown.clone());
        tokio::spawn(async move {
            let dispatcher = Dispatcher::new(database, deliver, Pace::default());
            shutdown.run_until_cancelled(dispatcher.run()).await;
        })
    }

    /// A request of the client `first` of one of the three, with a token for these scopes.
    pub(crate) async fn call(&self, who: &str, scope: &str, request: TestRequest) -> Answer {
        self.call_as(who, "first", scope, request).await
    }

    pub(crate) async fn call_as(&self, who: &str, client: &str, scope: &str, request: TestRequest) -> Answer {
        let (_, issuer) = self.issuers.iter().find(|(name, _)| *name == who).unwrap();
        let token = issuer.access_token(client, self.api.as_str(), scope, self.clock.now()).sign();
        self.send(request.insert_header((AUTHORIZATION, format!("Bearer {token}")))).await
    }

    /// A request as it is.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let app = App::new()
            .wrap(from_fn(correlate))
            .configure(|config| self.application.configure(config))
            .service(self.gate.routes("", self.application.routes()));
        let called: Result<ServiceResponse<_>, Error> =
            try_call_service(&init_service(app).await, request.to_request()).await;
        let response = called.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = serde_json::from_slice(&read_body(response).await).unwrap_or_default();
        Answer { status, headers, body }
    }

    /// Asks until the answer is as wanted, for at most ten seconds.
    pub(crate) async fn until(&self, path: &str, scope: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1000 {
            let answer = self.call(self.company, scope, TestRequest::get().uri(path)).await;
            if wanted(&answer.body) {
                return answer.body;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{path} does not become what is wanted")
    }
}

/// The issuer of the company of this name.
fn issuer_of(name: &str) -> String {
    format!("https://issuer.{name}.example")
}

fn partners(neighbour: &Neighbour) -> Partners {
    Partners::from_iter([(issuer_of(neighbour.name()).parse().unwrap(), neighbour.api())])
}

/// A policy that lets both clients do everything: what a test is about is the token.
fn write_policy<A: Application>(directory: &std::path::Path, name: &str, issuer: &TestIssuer, api: &Audience) {
    let scopes: Vec<_> = A::scopes().iter().map(|scope| format!("\"{scope}\"")).collect();
    let clients = CLIENTS.map(|client| format!("[clients.{client}]\nscopes = [{}]\n", scopes.join(", ")));
    let policy = format!(
        "issuer = \"{}\"\nkeys = {{ jwks_file = \"{name}.jwks.json\" }}\naudience = \"{api}\"\n{}",
        issuer.url,
        clients.concat()
    );
    fs::write(directory.join(format!("{name}.jwks.json")), issuer.jwks()).unwrap();
    fs::write(directory.join(format!("{name}.toml")), policy).unwrap();
}

async fn open<A: Application>(directory: &TempDir, clock: &Arc<dyn Clock>) -> Database {
    let url: DatabaseUrl = "sqlite:company.db".parse().unwrap();
    Database::open(&url.relative_to(directory.path()), &A::migrations(), Arc::clone(clock)).await.unwrap()
}

fn context(
    company: &str,
    api: &Audience,
    database: &Database,
    partners: Partners,
    (clock, shutdown): (&Arc<dyn Clock>, &CancellationToken),
) -> Context {
    Context {
        company: company.into(),
        issuer: OwnIssuer::new(issuer_of(company).parse().unwrap()),
        api: api.clone(),
        database: database.clone(),
        partners,
        clock: Arc::clone(clock),
        shutdown: shutdown.clone(),
    }
}
