use super::Invocation;
use super::failure::Failure;
use super::table::Table;
use crate::config::{ClientConfig, ClientKeys, Configuration};
use bridge_types::{Audience, ClientId, ScopeSet};
use serde::Serialize;
use std::fmt;

/// Shows the clients of the own issuer and what they may ask for.
pub(super) fn run(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    invocation.console.print(&Listing { clients: configuration.clients.iter().map(Row::of).collect() })
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
    access: Vec<Access>,
}

#[derive(Serialize)]
struct Access {
    audience: Audience,
    scopes: ScopeSet,
}

impl Row {
    fn of(client: &ClientConfig) -> Self {
        let access =
            |(audience, scopes): (&Audience, &ScopeSet)| Access { audience: audience.clone(), scopes: scopes.clone() };
        Self {
            name: client.name.to_string(),
            client_id: client.client_id.clone(),
            credential: match client.keys {
                ClientKeys::Managed => "managed",
                ClientKeys::Elsewhere(_) => "jwks_file",
            },
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
                    access.audience.to_string(),
                    access.scopes.to_string(),
                ]
            })
        });
        Table::new(["NAME", "CLIENT ID", "CREDENTIAL", "AUDIENCE", "SCOPES"], rows).fmt(f)
    }
}
