use super::Invocation;
use super::failure::Failure;
use super::table::Table;
use crate::application::Application;
use crate::config::{ClientKeys, Configuration};
use bridge_issuer::{IssuerStore, KeyPurpose, StoredKey};
use bridge_jose::Algorithm;
use bridge_store::Database;
use bridge_types::KeyId;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Shows the keys in the store: those of the issuer and those of managed clients. Their private halves stay where they
/// are.
pub(super) async fn run<A: Application>(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let url = &configuration.company.database.value;
    let mut keys = Vec::new();
    // Looking must not make a database: the company does that when it first starts.
    if url.path().exists() {
        let database = Database::open(url, &A::migrations(), Arc::clone(&invocation.clock)).await?;
        let clients = configuration.clients.iter().filter(|client| matches!(client.keys, ClientKeys::Managed));
        let purposes = clients.map(|client| KeyPurpose::Client(client.client_id.clone()));
        for purpose in std::iter::once(KeyPurpose::AccessTokens).chain(purposes) {
            let stored = IssuerStore::keys(&database, &purpose).await;
            let stored = stored.map_err(|error| Failure::failed(error.to_string()))?;
            keys.extend(stored.iter().map(Row::of));
        }
        database.close().await;
    }
    invocation.console.print(&Listing { keys })
}

#[derive(Serialize)]
struct Listing {
    keys: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    kid: KeyId,
    algorithm: Algorithm,
    purpose: String,
    created_at: Timestamp,
}

impl Row {
    fn of(key: &StoredKey) -> Self {
        let purpose = match &key.purpose {
            KeyPurpose::AccessTokens => "access tokens".to_owned(),
            KeyPurpose::Client(client) => format!("client {client}"),
        };
        Self { kid: key.kid.clone(), algorithm: key.algorithm, purpose, created_at: key.created_at }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.keys.iter().map(|row| {
            [row.kid.to_string(), row.algorithm.to_string(), row.purpose.clone(), format!("{:.0}", row.created_at)]
        });
        Table::new(["KID", "ALG", "PURPOSE", "CREATED"], rows).fmt(f)
    }
}
