use crate::error::CannotRun;
use crate::record::journal::{Call, Journal, Part, Seen, micros};
use crate::side::{Pair, Side};
use crate::stand::DIRECT;
use crate::stand::plan::Party;
use crate::tester::token::Held;
use bridge_types::{AccessToken, Clock, SystemClock};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Certificate, Client, ClientBuilder, Method, RequestBuilder, redirect};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long the tester waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of an error's body is shown.
const SHOWN: usize = 2000;

/// The tester's HTTP client. It trusts the run's certificate authority alone, knows where both companies are, and
/// writes every call down.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    ca: Certificate,
    clock: SystemClock,
    journal: Arc<Journal>,
    parties: Pair<Party>,
}

/// An answer to the tester.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// What may be shown of it.
    pub(crate) seen: Seen,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, when that is JSON.
    pub(crate) json: Value,
}

/// A request of the tester.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// To whom.
    pub(crate) to: Side,
    /// To which part.
    pub(crate) part: Part,
    /// With which method.
    pub(crate) method: Method,
    /// For which path, with its query.
    pub(crate) path: String,
    /// With which token.
    pub(crate) token: Option<Held>,
    /// With which token in the query, under which name. It is not written down with the path.
    pub(crate) query: Option<(&'static str, AccessToken)>,
    /// With which other headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// With what.
    pub(crate) body: Body,
}

/// The body of a request.
#[derive(Debug, Clone, Default)]
pub(crate) enum Body {
    /// None.
    #[default]
    Empty,
    /// A JSON document.
    Json(Value),
    /// A form, as the token endpoint takes it.
    Form(Vec<(&'static str, String)>),
    /// A security event token.
    Event(String),
}

impl Request {
    /// A request to a part of a company, written like `GET /orders`.
    pub(crate) fn new(to: Side, part: Part, line: &str) -> Self {
        let (method, path) = line.split_once(' ').unwrap_or(("GET", line));
        let method = method.parse().unwrap_or(Method::GET);
        Self {
            to,
            part,
            method,
            path: path.to_owned(),
            token: None,
            query: None,
            headers: Vec::new(),
            body: Body::Empty,
        }
    }

    /// The request with a token.
    pub(crate) fn token(mut self, token: &Held) -> Self {
        self.token = Some(token.clone());
        self
    }

    /// The request with a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The request with a JSON body.
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }
}

impl Http {
    /// A client for one run.
    pub(crate) fn new(parties: Pair<Party>, ca_pem: &str, journal: Arc<Journal>) -> Result<Self, CannotRun> {
        let ca = Certificate::from_pem(ca_pem.as_bytes()).map_err(|error| CannotRun::Tester(error.to_string()))?;
        let builder = builder(&parties, &ca).timeout(PATIENCE).redirect(redirect::Policy::none()).no_proxy();
        // A restarted company must not be called over a connection to the old one.
        let client = builder.pool_max_idle_per_host(0).build().map_err(|error| CannotRun::Tester(error.to_string()))?;
        Ok(Self { client, ca, clock: SystemClock::new(), journal, parties })
    }

    /// A builder for another client that finds both companies and trusts the run's certificate authority alone.
    pub(crate) fn builder(&self) -> ClientBuilder {
        builder(&self.parties, &self.ca)
    }

    /// The company's parts, as URLs.
    pub(crate) fn base(&self, to: Side, part: Part) -> String {
        let party = &self.parties[to];
        match part {
            Part::Issuer => party.issuer.url.clone(),
            Part::Api => party.api.url.clone(),
            Part::Operations => format!("http://{}:{}", DIRECT, party.operations),
        }
    }

    /// Sends a request, waits for the answer and writes both down. That nobody answers is an answer, too: status 0.
    pub(crate) async fn send(&self, request: Request) -> Answer {
        let call = self.begin();
        let answer = match self.build(&request).send().await {
            Ok(response) => Answer::read(response).await,
            Err(error) => Answer::none(&error),
        };
        self.note(call, request, &answer);
        answer
    }

    /// The readiness page of a company, without writing it down; nothing when nobody answers.
    pub(crate) async fn readiness(&self, side: Side) -> Value {
        let page = Request::new(side, Part::Operations, "GET /readyz");
        match self.build(&page).send().await {
            Ok(response) => Answer::read(response).await.json,
            Err(_) => Value::Null,
        }
    }

    /// The moment at which a call is sent.
    pub(crate) fn begin(&self) -> Begun {
        Begun { at: self.clock.now(), started: self.clock.monotonic() }
    }

    /// Writes a call down that has been answered.
    pub(crate) fn note(&self, begun: Begun, request: Request, answer: &Answer) {
        let Request { to, part, method, path, token, .. } = request;
        self.journal.call(Call {
            at: begun.at,
            took_us: micros(self.clock.monotonic().saturating_sub(begun.started)),
            to,
            part,
            request: format!("{method} {path}"),
            token: token.map(|held| held.facts),
            answer: answer.seen.clone(),
        });
    }

    fn build(&self, request: &Request) -> RequestBuilder {
        let mut url = format!("{}{}", self.base(request.to, request.part), request.path);
        if let Some((name, token)) = &request.query {
            url = format!("{url}?{name}={}", token.expose());
        }
        let mut builder = self.client.request(request.method.clone(), url);
        if let Some(held) = &request.token {
            builder = builder.header(AUTHORIZATION, format!("Bearer {}", held.token.expose()));
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        match &request.body {
            Body::Empty => builder,
            Body::Json(body) => builder.json(body),
            Body::Form(fields) => builder.form(fields),
            Body::Event(event) => builder.header(CONTENT_TYPE, "application/secevent+jwt").body(event.clone()),
        }
    }
}

fn builder(parties: &Pair<Party>, ca: &Certificate) -> ClientBuilder {
    let builder = Client::builder().tls_certs_only([ca.clone()]);
    parties.iter().fold(builder, |builder, (_, party)| {
        let at = |port| (DIRECT, port).into();
        builder.resolve(&party.issuer.host, at(party.issuer.port)).resolve(&party.api.host, at(party.api.port))
    })
}

/// When a call was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    at: Timestamp,
    started: Duration,
}

impl Answer {
    /// A header as text; `""` when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_default();
        Self::of(status, headers, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// An answer of these parts.
    pub(crate) fn of(status: u16, headers: HeaderMap, json: Value) -> Self {
        let mut answer = Self { seen: Seen { status, ..Seen::default() }, headers, json };
        let code = ["code", "error", "err"].iter().find_map(|name| answer.json.get(name)).and_then(Value::as_str);
        answer.seen.code = code.unwrap_or_default().to_owned();
        answer.seen.correlation_id = answer.header("x-correlation-id").to_owned();
        answer.seen.challenge = answer.header(WWW_AUTHENTICATE.as_str()).to_owned();
        if status >= 400 {
            // The body of a success may carry a token, and is nobody's business in a report.
            answer.seen.error = answer.json.to_string().chars().take(SHOWN).collect();
        }
        answer
    }

    fn none(error: &reqwest::Error) -> Self {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        Self { seen: Seen { error: reason, ..Seen::default() }, ..Self::default() }
    }
}
