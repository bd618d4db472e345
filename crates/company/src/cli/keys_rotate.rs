use super::Invocation;
use super::failure::Failure;
use crate::application::Application;
use crate::config::Configuration;
use bridge_issuer::{Change, ChangeError, KeyPurpose, KeyRecord, KeyState, KeyStore, Step};
use bridge_store::Database;
use bridge_types::KeyId;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether the next key signs.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Asks for the replacement of an active key. The rest is done by the company that serves on this database, now or when
/// it next starts.
pub(super) async fn run<A: Application>(
    invocation: &mut Invocation,
    client: Option<String>,
    wait: Option<u64>,
) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let purpose = purpose(&configuration, client.as_deref())?;
    let database = existing::<A>(invocation, &configuration).await?;
    let rotated = rotate(&database, &configuration, &purpose, wait.map(Duration::from_secs)).await;
    database.close().await;
    let rotated = rotated?;
    invocation.console.print(&rotated)?;
    if wait.is_some() && rotated.successor.is_none() { Err(Failure::Found) } else { Ok(()) }
}

/// The database, which must be there: a company that never started has no keys.
pub(super) async fn existing<A: Application>(
    invocation: &Invocation,
    configuration: &Configuration,
) -> Result<Database, Failure> {
    let url = &configuration.company.database.value;
    if !url.path().exists() {
        return Err(Failure::failed(format!("no keys yet: {url} is not there; start the company once")));
    }
    Ok(Database::open(url, &A::migrations(), Arc::clone(&invocation.clock)).await?)
}

fn purpose(configuration: &Configuration, client: Option<&str>) -> Result<KeyPurpose, Failure> {
    let Some(wanted) = client else { return Ok(KeyPurpose::AccessTokens) };
    let found = configuration.clients.find(wanted).ok_or_else(|| {
        let known = configuration.clients.iter().map(|client| client.name.as_str()).collect::<Vec<_>>().join(", ");
        Failure::failed(format!("unknown client: expected one of {known}, found {wanted}"))
    })?;
    Ok(KeyPurpose::Client(found.client_id.clone()))
}

async fn rotate(
    database: &Database,
    configuration: &Configuration,
    purpose: &KeyPurpose,
    wait: Option<Duration>,
) -> Result<Rotated, Failure> {
    let failed = |error: bridge_issuer::StoreFailure| Failure::failed(error.to_string());
    let active = active(&database.all_keys().await.map_err(failed)?, purpose).cloned();
    let active = active.ok_or_else(|| Failure::failed(format!("{purpose}: no key pair is kept here")))?;
    let step = Step::Request { of: active.kid().clone(), algorithm: configuration.company.issuer.algorithm };
    let change = Change { purpose: purpose.clone(), at: database.clock().now(), steps: vec![step] };
    let asked = match database.change_keys(change).await {
        Ok(()) => true,
        Err(ChangeError::Overtaken(_)) => false,
        Err(ChangeError::Store(failure)) => return Err(failed(failure)),
    };
    let mut rotated =
        Rotated { purpose: purpose.to_string(), kid: active.kid().clone(), already_asked: !asked, successor: None };
    let end = wait.map(|wait| database.clock().monotonic() + wait);
    while end.is_some_and(|end| database.clock().monotonic() < end) {
        let keys = database.all_keys().await.map_err(failed)?;
        rotated.successor = self::active(&keys, purpose).map(|key| key.kid().clone()).filter(|kid| *kid != rotated.kid);
        if rotated.successor.is_some() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(rotated)
}

fn active<'k>(keys: &'k [KeyRecord], purpose: &KeyPurpose) -> Option<&'k KeyRecord> {
    keys.iter().find(|key| key.purpose == *purpose && key.state == KeyState::Active)
}

#[derive(Serialize)]
struct Rotated {
    purpose: String,
    kid: KeyId,
    already_asked: bool,
    /// The key that signs instead; absent when nobody waited for it, or not long enough.
    successor: Option<KeyId>,
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { purpose, kid, already_asked, successor } = self;
        match successor {
            Some(successor) => writeln!(f, "{purpose}: {successor} signs in the place of {kid}"),
            None if *already_asked => writeln!(f, "{purpose}: {kid} is being replaced already; see `keys list`"),
            None => writeln!(f, "{purpose}: {kid} is replaced as soon as its successor is known; see `keys list`"),
        }
    }
}
