use super::Invocation;
use super::arguments::{KeyInDanger, RevokeArguments};
use super::failure::Failure;
use super::keys_revoke::{self, Danger};
use crate::application::Application;
use crate::config::Configuration;
use crate::events::SecurityEvents;
use crate::identity::Identity;
use crate::revocations::{Revocations, Revoked};
use bridge_issuer::{KeyPurpose, KeyRecord, KeyState, KeyStore, RevocationOutcome, TokenToRevoke};
use bridge_store::Database;
use bridge_types::{AccessToken, ClientId};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The longest file that is read for a token: longer than any token, and than a newline after it.
const MAX_TOKEN_FILE: u64 = 16 * 1024;

/// Revokes in the database. A company that serves beside this process notices within 50 ms, puts it into its status lists
/// and tells the partners.
pub(super) async fn run<A: Application>(
    invocation: &mut Invocation,
    arguments: RevokeArguments,
) -> Result<(), Failure> {
    if let Some(kid) = arguments.key {
        let key = KeyInDanger { kid, reason: arguments.reason.unwrap_or_default() };
        return keys_revoke::run::<A>(invocation, Danger::Revoke, key).await;
    }
    let token = arguments.token.then_some(Path::new("-")).or(arguments.token_file.as_deref());
    let token = token.map(|file| read_token(file, &mut *invocation.stdin)).transpose()?;
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let database = open::<A>(invocation, &configuration).await?;
    let revocations = Revocations::new(database.clone(), SecurityEvents::of(&configuration.policies));
    let reason = arguments.reason.as_deref();
    let done = match (token, &arguments.client) {
        (Some(token), _) => {
            let token = own_token(invocation, &configuration, &database, &token).await?;
            revoke_token(&revocations, &token, reason).await?
        }
        (None, Some(name)) => {
            let client = find_client(&configuration, &revocations, name).await?;
            let revoked = revocations.client(&client, reason).await?;
            Done::tokens(format!("every token of client {client}"), revoked)
        }
        (None, None) => Done::tokens("every token of this issuer".to_owned(), revocations.all(reason).await?),
    };
    database.close().await;
    invocation.console.print(&done)
}

/// The database of a company that has been started before: revoking must not make one.
pub(super) async fn open<A: Application>(
    invocation: &Invocation,
    configuration: &Configuration,
) -> Result<Database, Failure> {
    let url = &configuration.company.database.value;
    if !url.path().exists() {
        return Err(Failure::failed(format!("no database {}: nothing was ever issued", url.path().display())));
    }
    Ok(Database::open(url, &A::migrations(), Arc::clone(&invocation.clock)).await?)
}

/// The client of a name: that of a file in `clients/`, or an identifier whose file is gone while tokens are alive.
pub(super) async fn find_client(
    configuration: &Configuration,
    revocations: &Revocations,
    name: &str,
) -> Result<ClientId, Failure> {
    if let Some(client) = configuration.clients.find(name) {
        return Ok(client.client_id.clone());
    }
    if let Ok(client) = name.parse()
        && revocations.knows(&client).await?
    {
        return Ok(client);
    }
    let known = configuration.clients.iter().map(|client| client.name.as_str()).collect::<Vec<_>>().join(", ");
    Err(Failure::failed(format!("unknown client: expected one of {known}, found {name}")))
}

async fn own_token(
    invocation: &Invocation,
    configuration: &Configuration,
    database: &Database,
    token: &AccessToken,
) -> Result<TokenToRevoke, Failure> {
    let company = &configuration.company;
    let identity = Identity::of(company, company.issuer.listen.value, company.api.listen.value)?;
    let keys = database.all_keys().await.map_err(|error| Failure::failed(error.to_string()))?;
    let ours = |key: &&KeyRecord| key.purpose == KeyPurpose::AccessTokens && key.state != KeyState::Revoked;
    let (keys, now) = (keys.iter().filter(ours).map(|key| &key.public), invocation.clock.now());
    TokenToRevoke::read(token.expose(), identity.issuer.url(), keys, now).map_err(|ignored| {
        Failure::failed(format!("token {} cannot be revoked: {ignored} ({})", token.fingerprint(), ignored.code()))
    })
}

async fn revoke_token(revocations: &Revocations, token: &TokenToRevoke, reason: Option<&str>) -> Result<Done, Failure> {
    let (outcome, told) = revocations.token(token, reason).await?;
    let what = format!("the token {} of client {} for {}", token.id, token.client, token.audience);
    match outcome {
        RevocationOutcome::Revoked => Ok(Done { revoked: what, already: false, until: None, told }),
        RevocationOutcome::AlreadyRevoked => Ok(Done { revoked: what, already: true, until: None, told }),
        RevocationOutcome::ListGone => Err(Failure::failed(format!("{what} is past its time"))),
    }
}

/// One token from a file, or from standard input.
fn read_token(file: &Path, stdin: &mut dyn Read) -> Result<AccessToken, Failure> {
    let name = if file == Path::new("-") { "standard input".into() } else { file.to_string_lossy() };
    let failed = |error: std::io::Error| Failure::failed(format!("{name}: {error}"));
    let mut text = String::new();
    let read = if file == Path::new("-") {
        stdin.take(MAX_TOKEN_FILE).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).map_err(failed)?.take(MAX_TOKEN_FILE).read_to_string(&mut text)
    };
    read.map_err(failed)?;
    let token = text.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        let found = if token.is_empty() { "nothing" } else { "several words" };
        return Err(Failure::failed(format!("{name}: expected one token, found {found}")));
    }
    Ok(AccessToken::new(token.to_owned()))
}

/// What was revoked, and who will hear of it.
#[derive(Debug, Serialize)]
pub(super) struct Done {
    revoked: String,
    /// True when it was revoked before, so that nobody is told again.
    already: bool,
    /// Tokens issued up to and including this second are revoked.
    until: Option<Timestamp>,
    /// The partners that will be told at once.
    told: Vec<String>,
}

impl Done {
    pub(super) fn tokens(what: String, Revoked { until, told }: Revoked) -> Self {
        Self { revoked: what, already: false, until: Some(until), told }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.already {
            return writeln!(f, "revoked before: {}", self.revoked);
        }
        write!(f, "revoked: {}", self.revoked)?;
        if let Some(until) = self.until {
            write!(f, ", issued up to {until:.0}")?;
        }
        writeln!(f)?;
        match &self.told[..] {
            [] => writeln!(f, "told at once: nobody (no policy has an agent); partners learn it from the status list"),
            told => writeln!(f, "told at once: {}", told.join(", ")),
        }
    }
}
