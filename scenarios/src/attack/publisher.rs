//! The test issuer as the target sees it: metadata, key set and status list, and nothing else.

use super::settings::Publish;
use crate::error::CannotRun;
use crate::stand::tls_files::server_config;
use actix_web::dev::ServerHandle;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{App, HttpResponse, HttpServer, web};
use bridge_testkit::attacks::World;
use bridge_types::{Clock, IssuerUrl, StatusListUri, SystemClock};
use rustls::ServerConfig;
use serde_json::json;
use std::net::TcpListener;

/// Serves metadata and keys of the test issuers until dropped.
#[derive(Debug)]
pub(super) struct Publisher(ServerHandle);

/// A document and where it stands.
type Page = (String, String);

impl Publisher {
    /// Listens where the settings say.
    pub(super) fn start(world: &World, publish: &Publish) -> Result<Self, CannotRun> {
        let what = format!("listen on {}", publish.listen);
        let listener = TcpListener::bind(publish.listen).map_err(CannotRun::system(what))?;
        let tls = publish.tls.as_ref().map(|tls| server_config(&tls.certificate_file, &tls.key_file)).transpose()?;
        Self::serve(world, listener, tls)
    }

    /// Serves on a port that is bound already.
    pub(super) fn serve(world: &World, listener: TcpListener, tls: Option<ServerConfig>) -> Result<Self, CannotRun> {
        let pages = pages(world)?;
        let app = move || {
            pages.iter().fold(App::new(), |app, (path, body)| {
                let body = body.clone();
                let answer = move || std::future::ready(document(&body));
                app.route(path, web::get().to(answer))
            })
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = match tls {
            Some(config) => server.listen_rustls_0_23(listener, config),
            None => server.listen(listener),
        };
        let server = server.map_err(CannotRun::system("serve the test issuer"))?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self(handle))
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // The future has done its work once it exists: the command to stop is sent at once.
        drop(self.0.stop(false));
    }
}

fn document(body: &str) -> HttpResponse {
    // The next run has other keys.
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CACHE_CONTROL, "no-store")).content_type(ContentType::json()).body(body.to_owned())
}

/// Where the test issuer with this identifier has its status list.
pub(super) fn status_list_of(issuer: &str) -> String {
    format!("{}/status/1", issuer.trim_end_matches('/'))
}

/// Metadata (RFC 8414, and where `OpenID` Connect looks for them) and key set of each issuer, and the status list.
fn pages(world: &World) -> Result<Vec<Page>, CannotRun> {
    let mut pages = issuer(&world.policy.issuer, world.jwks())?;
    if let Some(foreign) = &world.policy.foreign {
        pages.extend(issuer(&foreign.issuer, world.foreign_jwks())?);
    }
    let list = world.policy.status_list.as_deref().zip(world.status_list(SystemClock::new().now()));
    if let Some((uri, list)) = list {
        let uri: StatusListUri = uri.parse().map_err(|error| CannotRun::Request(format!("{error}")))?;
        pages.push((uri.to_url().path().to_owned(), list));
    }
    Ok(pages)
}

fn issuer(identifier: &str, jwks: String) -> Result<Vec<Page>, CannotRun> {
    let url: IssuerUrl = identifier.parse().map_err(|error| CannotRun::Request(format!("{error}")))?;
    let bare = identifier.trim_end_matches('/');
    let path = url.to_url().path().trim_end_matches('/').to_owned();
    let metadata = json!({
        "issuer": identifier,
        "jwks_uri": format!("{bare}/jwks.json"),
        "token_endpoint": format!("{bare}/token"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
    })
    .to_string();
    Ok(vec![
        (url.metadata_url().path().to_owned(), metadata.clone()),
        (format!("{path}/.well-known/openid-configuration"), metadata),
        (format!("{path}/jwks.json"), jwks),
    ])
}
