use super::Invocation;
use super::failure::Failure;
use super::table::Table;
use crate::application::Application;
use crate::config::{ClientConfig, Configuration};
use bridge_store::{Database, DisabledClient};
use bridge_types::{Audience, ClientId, ScopeSet};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Shows the clients of the own issuer and what they may ask for.
pub(super) async fn run<A: Application>(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let url = &configuration.company.database.value;
    let mut disabled = Vec::new();
    // Looking must not make a database: the company does that when it first starts.
    if url.path().exists() {
        let database = Database::open(url, &A::migrations(), Arc::clone(&invocation.clock)).await?;
        disabled = database.disabled_clients().await?;
        database.close().await;
    }
    let row = |client| Row::of(client, &disabled);
    invocation.console.print(&Listing { clients: configuration.clients.iter().map(row).collect() })
}

#[derive(Serialize)]
struct Listing {
    clients: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    client_id: ClientId,
    credential: &'static str,
    enabled: bool,
    access: Vec<Access>,
}

#[derive(Serialize)]
struct Access {
    audience: Audience,
    scopes: ScopeSet,
}

impl Row {
    fn of(client: &ClientConfig, disabled: &[DisabledClient]) -> Self {
        let access =
            |(audience, scopes): (&Audience, &ScopeSet)| Access { audience: audience.clone(), scopes: scopes.clone() };
        Self {
            name: client.name.to_string(),
            client_id: client.client_id.clone(),
            credential: client.keys.kind(),
            enabled: disabled.iter().all(|disabled| disabled.client != client.client_id),
            access: client.access.iter().map(access).collect(),
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.clients.iter().flat_map(|row| {
            row.access.iter().map(|access| {
                let credential = row.credential.to_owned();
                [
                    row.name.clone(),
                    row.client_id.to_string(),
                    credential,
                    if row.enabled { "yes" } else { "no" }.to_owned(),
                    access.audience.to_string(),
                    access.scopes.to_string(),
                ]
            })
        });
        Table::new(["NAME", "CLIENT ID", "CREDENTIAL", "ENABLED", "AUDIENCE", "SCOPES"], rows).fmt(f)
    }
}
