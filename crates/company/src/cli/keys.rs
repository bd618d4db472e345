use super::Invocation;
use super::failure::Failure;
use super::table::Table;
use crate::application::Application;
use crate::config::Configuration;
use bridge_issuer::{KeyRecord, KeyState, KeyStore, KeyTimes, RotationRequest};
use bridge_jose::Algorithm;
use bridge_store::Database;
use bridge_types::KeyId;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Shows every key there ever was, of the issuer and of managed clients, and where each stands. Their private halves
/// stay where they are.
pub(super) async fn list<A: Application>(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let url = &configuration.company.database.value;
    let mut keys = Vec::new();
    // Looking must not make a database: the company does that when it first starts.
    if url.path().exists() {
        let database = Database::open(url, &A::migrations(), Arc::clone(&invocation.clock)).await?;
        let stored = database.all_keys().await;
        database.close().await;
        keys = stored.map_err(|error| Failure::failed(error.to_string()))?;
        keys.sort_by(|one, other| one.purpose.cmp(&other.purpose));
    }
    invocation.console.print(&Listing { keys: keys.into_iter().map(Row::from).collect() })
}

#[derive(Serialize)]
struct Listing {
    keys: Vec<Row>,
}

/// A key, for reading by people and by scripts.
#[derive(Serialize)]
struct Row {
    kid: KeyId,
    algorithm: Algorithm,
    purpose: String,
    state: KeyState,
    #[serde(flatten)]
    times: KeyTimes,
    rotation_requested: Option<RotationRequest>,
    reason: Option<String>,
}

impl From<KeyRecord> for Row {
    fn from(key: KeyRecord) -> Self {
        Self {
            kid: key.kid().clone(),
            algorithm: key.algorithm(),
            purpose: key.purpose.to_string(),
            state: key.state,
            times: key.times,
            rotation_requested: key.request,
            reason: key.reason,
        }
    }
}

impl Row {
    /// Since when it is in its state.
    fn since(&self) -> Timestamp {
        let times = &self.times;
        let entered = match self.state {
            KeyState::Prepared => None,
            KeyState::Active => times.activated_at,
            KeyState::Retired => times.retired_at,
            KeyState::Destroyed => times.destroyed_at,
            KeyState::Tainted => times.tainted_at,
            KeyState::Revoked => times.revoked_at,
        };
        entered.unwrap_or(times.prepared_at)
    }

    fn note(&self) -> String {
        let asked = self.rotation_requested.map(|request| format!("to be replaced by one for {}", request.algorithm));
        self.reason.clone().or(asked).unwrap_or_default()
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.keys.iter().map(|row| {
            let [made, since] = [row.times.prepared_at, row.since()].map(|moment| format!("{moment:.0}"));
            let state = row.state.as_str().to_owned();
            [row.kid.to_string(), row.algorithm.to_string(), row.purpose.clone(), state, since, made, row.note()]
        });
        Table::new(["KID", "ALG", "PURPOSE", "STATE", "SINCE", "MADE", "NOTE"], rows).fmt(f)
    }
}
