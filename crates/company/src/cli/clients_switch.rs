use super::Invocation;
use super::failure::Failure;
use super::revoke::{Done, find_client, open};
use crate::application::Application;
use crate::config::Configuration;
use crate::events::SecurityEvents;
use crate::revocations::Revocations;
use bridge_types::ClientId;
use serde::Serialize;
use std::fmt;

/// Lets a client get no more tokens, and revokes those that it has.
pub(super) async fn disable<A: Application>(
    invocation: &mut Invocation,
    name: &str,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let database = open::<A>(invocation, &configuration).await?;
    let revocations = Revocations::new(database.clone(), SecurityEvents::of(&configuration.policies));
    let client = find_client(&configuration, &revocations, name).await?;
    let disabled = revocations.disable(&client, reason).await?;
    database.close().await;
    let tokens = Done::tokens(format!("every token of client {client}"), disabled.tokens);
    invocation.console.print(&Switched { client, enabled: false, changed: disabled.newly, tokens: Some(tokens) })
}

/// Lets a client get tokens again.
pub(super) async fn enable<A: Application>(invocation: &mut Invocation, name: &str) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let database = open::<A>(invocation, &configuration).await?;
    let revocations = Revocations::new(database.clone(), SecurityEvents::of(&configuration.policies));
    let client = match configuration.clients.find(name) {
        Some(client) => client.client_id.clone(),
        None => disabled_client(&database, name).await?,
    };
    let changed = revocations.enable(&client).await?;
    database.close().await;
    invocation.console.print(&Switched { client, enabled: true, changed, tokens: None })
}

/// A client that is disabled and whose file is gone.
async fn disabled_client(database: &bridge_store::Database, name: &str) -> Result<ClientId, Failure> {
    let disabled = database.disabled_clients().await?;
    let found = disabled.into_iter().find(|disabled| disabled.client.as_str() == name);
    let unknown = || Failure::failed(format!("unknown client: expected a file clients/{name}.toml, found none"));
    found.map(|disabled| disabled.client).ok_or_else(unknown)
}

/// How a client stands now.
#[derive(Serialize)]
struct Switched {
    client: ClientId,
    enabled: bool,
    /// False when it stood like that before.
    changed: bool,
    #[serde(flatten)]
    tokens: Option<Done>,
}

impl fmt::Display for Switched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.enabled { "enabled" } else { "disabled" };
        let before = if self.changed { "" } else { " (it was before)" };
        writeln!(f, "client {} is {state}{before}", self.client)?;
        self.tokens.as_ref().map_or(Ok(()), |tokens| tokens.fmt(f))
    }
}
