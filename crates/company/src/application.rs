use crate::partners::Partners;
use actix_web::web::ServiceConfig;
use async_trait::async_trait;
use bridge_store::{Database, Deliver, Migration};
use bridge_types::{Audience, Clock, OwnIssuer, ScopeSet};
use bridge_validator::GuardedRoutes;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What one company brings: its business. Everything else (configuration, TLS, the three listeners, the issuer, the
/// client, the validator, the subcommands) is the same for every company and lives in this crate.
///
/// The application knows nothing of tokens: a handler takes `bridge_validator::Authorized<S>` and so cannot run
/// without one, and a call to a partner goes through [`Partners`], which attaches the token by itself.
#[async_trait]
pub trait Application: Send + Sync + Sized + 'static {
    /// The name of the command, such as `company-a`.
    const COMMAND: &'static str;

    /// One line for `--help`: what this company does.
    const ABOUT: &'static str;

    /// The tables of the business, kept in the company's one database beside those of the roles.
    fn migrations() -> Vec<Migration>;

    /// Every scope that some route requires: `scopes_supported` of the API's metadata (RFC 9728 §2).
    fn scopes() -> ScopeSet;

    /// The application, once per start. The database is migrated; nobody is served yet; a partner may be down.
    fn new(context: Context) -> Self;

    /// The routes that demand a token. Called once per worker thread; the validator's gate stands before all of them.
    fn routes(&self) -> GuardedRoutes;

    /// Adds what handlers share (`app_data`) and the routes that anybody may read, such as `/openapi.json`. Called once
    /// per worker thread.
    fn configure(&self, config: &mut ServiceConfig);

    /// Delivers what the application puts into the outbox ([`bridge_store::WriteTransaction::enqueue`]). The company runs
    /// the one dispatcher, because it has messages of its own in the same outbox; their topics begin with `bridge.`.
    fn deliver(&self) -> Option<Arc<dyn Deliver>> {
        None
    }

    /// Works beside the listeners until [`Context::shutdown`] is cancelled, and then returns. It must survive a partner
    /// that is away. Without work it returns at once.
    async fn background(&self) {}
}

/// What an application gets from its company.
#[derive(Debug, Clone)]
pub struct Context {
    /// The name of the company, from `company.toml`.
    pub company: Arc<str>,
    /// The own issuer: a principal of it is a client of this company.
    pub issuer: OwnIssuer,
    /// The audience (and public URL) of the own API.
    pub api: Audience,
    /// The company's database, migrated.
    pub database: Database,
    /// The partners that this company calls.
    pub partners: Partners,
    /// The clock. There is no other.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the company stops: background work ends then.
    pub shutdown: CancellationToken,
}
