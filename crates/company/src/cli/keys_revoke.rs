use super::Invocation;
use super::arguments::KeyInDanger;
use super::failure::Failure;
use super::keys_rotate::existing;
use crate::application::Application;
use crate::config::Configuration;
use crate::events::SecurityEvents;
use crate::revocations::Revocations;
use bridge_issuer::{
    Change, ChangeError, EmbeddedKeys, KeyBackend, KeyPurpose, KeyRecord, KeyState, KeyStore, NewKey, Replacement,
    Step, StoreFailure,
};
use bridge_store::{Database, SealedKeys};
use bridge_types::KeyId;
use serde::Serialize;
use std::fmt;

/// How often it is tried anew when a rotation takes a step at the same moment.
const ATTEMPTS: usize = 10;

/// What is to become of a key in danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Danger {
    /// It may be stolen.
    Taint,
    /// It is.
    Revoke,
}

/// Replaces a key at once and, when it is stolen, withdraws it. Works on the database, whether the company serves or not;
/// every process of the company that serves follows within a tenth of a second.
pub(super) async fn run<A: Application>(
    invocation: &mut Invocation,
    danger: Danger,
    KeyInDanger { kid, reason }: KeyInDanger,
) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    if reason.trim().is_empty() || reason.chars().count() > 200 || reason.contains(char::is_control) {
        return Err(Failure::failed("expected a reason of 1 to 200 characters in one line"));
    }
    let database = existing::<A>(invocation, &configuration).await?;
    let revocations = Revocations::new(database.clone(), SecurityEvents::of(&configuration.policies));
    let keys = configuration.company.keys.of(&database);
    let withdrawn = withdraw((&database, &keys), &revocations, danger, (&kid, &reason)).await;
    database.close().await;
    invocation.console.print(&withdrawn?)
}

/// Looks, decides and changes, again when somebody else was faster. Nothing is done by halves: the old key is out, and the
/// new one in, with one transaction.
async fn withdraw(
    (database, sealed): (&Database, &SealedKeys),
    revocations: &Revocations,
    danger: Danger,
    (kid, reason): (&str, &str),
) -> Result<Withdrawn, Failure> {
    for _ in 0..ATTEMPTS {
        let keys = database.all_keys().await.map_err(|error| Failure::failed(error.to_string()))?;
        let key = keys.iter().find(|key| key.kid().as_str() == kid);
        let key = key.ok_or_else(|| Failure::failed(format!("no key {kid}; see `keys list`")))?;
        let new = if key.state == KeyState::Active { Some(successor(key, sealed).await?) } else { None };
        let plan = Plan::of(key, &keys, danger, reason, new)?;
        let (mut withdrawn, change) = plan.change(key, danger, database);
        match in_one_write(database, revocations, change, &withdrawn).await {
            Ok(told) => {
                withdrawn.told = told;
                return Ok(withdrawn);
            }
            Err(ChangeError::Overtaken(_)) => {}
            Err(ChangeError::Store(failure)) => return Err(Failure::failed(failure.to_string())),
        }
    }
    Err(Failure::failed("the keys change all the time; try again"))
}

/// The one place where keys are withdrawn in an emergency: what partners are told belongs into the same write. Gives the
/// partners that are told.
async fn in_one_write(
    database: &Database,
    revocations: &Revocations,
    change: Change,
    withdrawn: &Withdrawn,
) -> Result<Vec<String>, ChangeError> {
    let purpose = change.purpose.clone();
    let mut write = database.write_first().await.map_err(StoreFailure::from)?;
    write.change_keys(change).await?;
    let mut told = Vec::new();
    if withdrawn.state == KeyState::Revoked {
        told = match &purpose {
            KeyPurpose::AccessTokens => revocations.keys(&mut write, &withdrawn.kids, &withdrawn.reason).await,
            // Whoever stole the key may have got tokens with it.
            KeyPurpose::Client(client) => revocations.credential(&mut write, client, &withdrawn.reason).await,
        }
        .map_err(StoreFailure::from)?;
    }
    write.commit().await.map_err(StoreFailure::from)?;
    Ok(told)
}

async fn successor(key: &KeyRecord, sealed: &SealedKeys) -> Result<NewKey, Failure> {
    let new = EmbeddedKeys::default().generate(key.algorithm()).await;
    let new = new.map_err(|error| Failure::failed(error.to_string()))?;
    Ok(sealed.seal(&key.purpose, new).await?)
}

/// The steps that withdraw a key, which keys they concern, and which one takes over.
struct Plan {
    reason: String,
    steps: Vec<Step>,
    concerned: Vec<KeyId>,
    replacement: Option<KeyId>,
}

impl Plan {
    fn of(
        key: &KeyRecord,
        keys: &[KeyRecord],
        danger: Danger,
        reason: &str,
        new: Option<NewKey>,
    ) -> Result<Self, Failure> {
        let kid = key.kid().clone();
        let replacement = new.as_ref().map(|new| new.public.kid().clone());
        let mut concerned = vec![kid.clone()];
        let steps = match (key.state, danger) {
            (KeyState::Destroyed | KeyState::Revoked, _) | (KeyState::Tainted, Danger::Taint) => {
                return Err(Failure::failed(format!("key {kid} is {} already", key.state.as_str())));
            }
            (KeyState::Tainted, Danger::Revoke) => Vec::new(),
            (KeyState::Prepared | KeyState::Active | KeyState::Retired, _) => {
                let prepared = |other: &&KeyRecord| other.purpose == key.purpose && other.state == KeyState::Prepared;
                let instead = new.map(|new| {
                    let beside = keys.iter().find(prepared).map(|key| key.kid().clone());
                    concerned.extend(beside.clone());
                    Replacement { key: new, beside }
                });
                vec![Step::Taint { kid, reason: reason.to_owned(), instead }]
            }
        };
        Ok(Self { reason: reason.to_owned(), steps, concerned, replacement })
    }

    fn change(self, key: &KeyRecord, danger: Danger, database: &Database) -> (Withdrawn, Change) {
        let Self { reason, mut steps, concerned, replacement } = self;
        if danger == Danger::Revoke {
            steps.extend(concerned.iter().cloned().map(Step::Revoke));
        }
        let change = Change { purpose: key.purpose.clone(), at: database.clock().now(), steps };
        let state = if danger == Danger::Revoke { KeyState::Revoked } else { KeyState::Tainted };
        let told = Vec::new();
        (Withdrawn { purpose: key.purpose.to_string(), kids: concerned, state, reason, replacement, told }, change)
    }
}

#[derive(Serialize)]
struct Withdrawn {
    purpose: String,
    /// The key, and one that was prepared beside it.
    kids: Vec<KeyId>,
    state: KeyState,
    reason: String,
    /// The key that signs from now on, when the active one was withdrawn.
    replacement: Option<KeyId>,
    /// The partners to whom word of a revoked key is on its way.
    told: Vec<String>,
}

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kid in &self.kids {
            writeln!(f, "{}: {kid} is {}", self.purpose, self.state.as_str())?;
        }
        self.replacement.iter().try_for_each(|kid| writeln!(f, "{}: {kid} signs from now on", self.purpose))?;
        if self.told.is_empty() { Ok(()) } else { writeln!(f, "told at once: {}", self.told.join(", ")) }
    }
}
