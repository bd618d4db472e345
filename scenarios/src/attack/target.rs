//! The resource server under attack, and how requests get there.

use super::settings::{Route, Settings};
use crate::error::CannotRun;
use bridge_testkit::attacks::token_endpoint::TokenRequest;
use bridge_testkit::attacks::{Answer, Request};
use bridge_types::AccessToken;
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Body, Certificate, Client, ClientBuilder, Response, Url, redirect};
use serde_json::Value;
use std::convert::Infallible;
use std::error::Error;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two bytes of a body that never ends.
const TRICKLE: Duration = Duration::from_millis(200);

/// How much of a body is read.
const MOST: usize = 64 * 1024;

/// A resource server and the one route of it that is called.
#[derive(Debug)]
pub(super) struct Target {
    client: Client,
    base: Url,
    route: Route,
    granted: Mutex<Vec<AccessToken>>,
}

impl Target {
    /// The target of a command line, at these addresses and no others.
    pub(super) fn new(base: &Url, settings: &Settings, addresses: &[SocketAddr]) -> Result<Self, CannotRun> {
        let mut builder = Client::builder();
        if let Some(file) = &settings.ca_file {
            let pem = std::fs::read(file).map_err(CannotRun::system(format!("read {}", file.display())))?;
            let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| CannotRun::settings(file, error))?;
            builder = builder.tls_certs_only(authorities);
        }
        if let Some(host) = base.host_str() {
            builder = builder.resolve_to_addrs(host, addresses);
        }
        Self::with(builder, base.clone(), settings.route.clone())
    }

    /// A target that is reached with a client of one's own making.
    pub(super) fn with(builder: ClientBuilder, base: Url, route: Route) -> Result<Self, CannotRun> {
        // HTTP/1.1, because it can say everything that the corpus has to say, repeated headers included.
        let builder = builder.http1_only().redirect(redirect::Policy::none()).no_proxy().referer(false);
        let client = builder.timeout(PATIENCE).build().map_err(|error| CannotRun::Tester(error.to_string()))?;
        Ok(Self { client, base, route, granted: Mutex::default() })
    }

    /// Sends a token request and reads the answer.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn send_form(&self, request: &TokenRequest) -> Result<Answer, String> {
        let mut url = self.base.clone();
        url.set_path(&self.route.path);
        url.set_query(request.query.as_deref());
        let method = request.method.parse().unwrap_or(self.route.method.clone());
        let mut call = self.client.request(method, url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        let answer = read(call.body(request.body.clone()).send().await.map_err(|error| chain(&error))?).await?;
        self.granted.lock().unwrap_or_else(PoisonError::into_inner).extend(token_in(&answer));
        Ok(answer)
    }

    /// The tokens that the token endpoint has given.
    pub(super) fn into_granted(self) -> Vec<AccessToken> {
        self.granted.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a token request whose body never ends, and reads the answer that comes all the same.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn send_for_ever(&self) -> Result<Answer, String> {
        let mut url = self.base.clone();
        url.set_path(&self.route.path);
        let begun = stream::once(ready(Ok::<_, Infallible>("grant_type=client_credentials&x=")));
        let trickle = stream::unfold((), |()| async {
            sleep(TRICKLE).await;
            Some((Ok("x"), ()))
        });
        let call = self.client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        read(call.body(Body::wrap_stream(begun.chain(trickle))).send().await.map_err(|error| chain(&error))?).await
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, String> {
        let mut url = self.base.clone();
        url.set_path(&self.route.path);
        url.set_query(request.query.as_deref());
        let mut call = self.client.request(self.route.method.clone(), url);
        for (name, value) in request.header_lines() {
            let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| error.to_string())?;
            call = call.header(name, value);
        }
        if let Some(body) = &request.body {
            call = call.header(CONTENT_TYPE, &body.content_type).body(body.text.clone());
        }
        read(call.send().await.map_err(|error| chain(&error))?).await
    }
}

fn token_in(answer: &Answer) -> Option<AccessToken> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    Some(AccessToken::new(body["access_token"].as_str()?.to_owned()))
}

async fn read(mut response: Response) -> Result<Answer, String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| chain(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            break;
        }
    }
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The causes without the URL, which may carry a token.
fn chain(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if causes.is_empty() { "no answer".to_owned() } else { causes.join(": ") }
}
