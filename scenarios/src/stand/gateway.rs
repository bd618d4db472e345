use super::tls_files;
use super::{DIRECT, Stand};
use crate::error::CannotRun;
use crate::side::Side;
use actix_web::dev::ServerHandle;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use cucumber::Parameter;
use std::net::{SocketAddr, TcpListener};
use std::str::FromStr;
use std::time::Duration;

/// How long a slow answer takes. Shorter than anybody waits for one, longer than any request that needs none.
const SLOW: Duration = Duration::from_millis(700);

/// The headers of an answer that matter to who fetches documents. HTTP itself makes the others.
const HEADERS: [actix_web::http::header::HeaderName; 4] = [CONTENT_TYPE, CACHE_CONTROL, ETAG, DATE];

/// Endpoints of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "endpoints", regex = "keys|status lists")]
pub(crate) enum Endpoints {
    /// Its key set.
    Keys,
    /// Its status lists, and the list of them.
    StatusLists,
}

/// What is wrong with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "fault", regex = "down|slow|garbage")]
pub(crate) enum Fault {
    /// Status 503.
    Down,
    /// The right answer, late.
    Slow,
    /// Status 200, and nonsense.
    Garbage,
}

/// Stands between an issuer and its partner, speaks for the issuer with its certificate, and breaks some of its endpoints.
/// Everything else it hands on as it is.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    server: ServerHandle,
}

/// What the gateway does with a request.
struct Rule {
    issuer: String,
    http: reqwest::Client,
    broken: Endpoints,
    fault: Fault,
}

impl Gateway {
    /// Stands in front of the issuer of a company until dropped.
    pub(crate) fn start(stand: &Stand, side: Side, broken: Endpoints, fault: Fault) -> Result<Self, CannotRun> {
        let tls = tls_files::server_config(&stand.tls_file(side, "cert.pem"), &stand.tls_file(side, "key.pem"))?;
        let http = stand.http.builder().build().map_err(|error| CannotRun::Tester(error.to_string()))?;
        let rule = Data::new(Rule { issuer: stand.plan.parties[side].issuer.url.clone(), http, broken, fault });
        let listener = TcpListener::bind((DIRECT, 0)).map_err(CannotRun::system("bind a port"))?;
        let address = listener.local_addr().map_err(CannotRun::system("read the address of a port"))?;
        let app = move || App::new().app_data(rule.clone()).default_service(web::get().to(answer));
        let server = HttpServer::new(app).workers(1).disable_signals().listen_rustls_0_23(listener, tls);
        let server = server.map_err(CannotRun::system("serve in front of an issuer"))?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, server: handle })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // The future has done its work once it exists: the command to stop is sent at once.
        drop(self.server.stop(false));
    }
}

async fn answer(request: HttpRequest, rule: Data<Rule>) -> HttpResponse {
    if rule.broken.include(request.path()) {
        match rule.fault {
            Fault::Down => return HttpResponse::ServiceUnavailable().finish(),
            Fault::Garbage => return HttpResponse::Ok().content_type("application/json").body("{\"keys\": [<html>"),
            Fault::Slow => tokio::time::sleep(SLOW).await,
        }
    }
    rule.hand_on(request.path()).await.unwrap_or_else(|_| HttpResponse::BadGateway().finish())
}

impl Rule {
    async fn hand_on(&self, path: &str) -> Result<HttpResponse, reqwest::Error> {
        let received = self.http.get(format!("{}{path}", self.issuer)).send().await?;
        let mut answer =
            HttpResponse::build(actix_web::http::StatusCode::from_u16(received.status().as_u16()).unwrap_or_default());
        for name in HEADERS {
            if let Some(value) = received.headers().get(name.as_str()).and_then(|value| value.to_str().ok()) {
                answer.insert_header((name, value));
            }
        }
        Ok(answer.body(received.bytes().await?))
    }
}

impl Endpoints {
    fn include(self, path: &str) -> bool {
        match self {
            Self::Keys => path == "/jwks.json",
            Self::StatusLists => path.starts_with("/status-lists"),
        }
    }
}

impl FromStr for Endpoints {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "keys" => Ok(Self::Keys),
            "status lists" => Ok(Self::StatusLists),
            other => Err(format!("invalid endpoints: expected keys or status lists, found {other}")),
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "down" => Ok(Self::Down),
            "slow" => Ok(Self::Slow),
            "garbage" => Ok(Self::Garbage),
            other => Err(format!("invalid fault: expected down, slow or garbage, found {other}")),
        }
    }
}
