use super::TESTER_ISSUER;
use crate::side::Side;
use crate::stand::plan::{Party, Plan};
use crate::stand::platform::POD;
use cucumber::Parameter;
use std::fmt;
use std::str::FromStr;
use toml::{Table, Value};

/// The file with the tester's public keys, beside each file that names it.
pub(crate) const KEYS_FILE: &str = "tester.jwks.json";

/// The client that an application's sidecar is at each company. The sidecar makes its key by itself.
pub(crate) const APPLICATION: &str = "application";

/// The client of the tester's own issuer that tells companies of revocations.
pub(crate) const AGENT: &str = "agent";

/// What its token must permit.
pub(crate) const EVENTS_SCOPE: &str = "bridge.events:write";

/// A client that the tester has at each company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "client", regex = "tester|newcomer")]
pub(crate) enum Client {
    /// May ask for every scope of both APIs; the partner's ceiling for it leaves one scope out.
    Tester,
    /// May ask for the first scope of the partner's API, but stands in no policy there.
    Newcomer,
}

impl Client {
    /// Its client id.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Tester => "tester",
            Self::Newcomer => "newcomer",
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Client {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Tester, Self::Newcomer]
            .into_iter()
            .find(|client| client.id() == text)
            .ok_or_else(|| format!("invalid client: expected tester or newcomer, found {text}"))
    }
}

/// Whose tokens a trust policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The company's own.
    Own,
    /// The partner's.
    Partner,
}

/// Every scope of an API, the one that stays above the partner's ceiling last.
pub(crate) const fn scopes(side: Side) -> [&'static str; 3] {
    match side {
        Side::A => ["orders:read", "tracking:write", "orders:write"],
        Side::B => ["shipments:read", "shipments:write", "shipments:track"],
    }
}

/// The ceilings to be added to a company's policy for its own clients or its partner's.
pub(crate) fn ceilings(side: Side, trust: Trust) -> [(&'static str, Vec<String>); 3] {
    let all = scopes(side).map(str::to_owned);
    let ceiling = match trust {
        Trust::Own => all.to_vec(),
        Trust::Partner => all[..2].to_vec(),
    };
    [(Client::Tester.id(), ceiling.clone()), (APPLICATION, ceiling), (POD, all[..1].to_vec())]
}

/// The client files to be added at a company, by name. The keys of the tester's are in [`KEYS_FILE`] beside them, those of
/// the application in a file of its own name.
pub(crate) fn registrations(side: Side, plan: &Plan) -> [(&'static str, Table); 3] {
    let (party, partner) = (&plan.parties[side], &plan.parties[side.other()]);
    let (own, all) = (access(party, &scopes(side)), access(partner, &scopes(side.other())));
    let first = access(partner, &scopes(side.other())[..1]);
    let registration = |client: &'static str, keys: &str, access: Vec<Value>| {
        let mut table = Table::new();
        table.insert("client_id".to_owned(), client.into());
        table.insert("credential".to_owned(), jwks_file(keys));
        table.insert("access".to_owned(), Value::Array(access));
        (client, table)
    };
    [
        registration(Client::Tester.id(), KEYS_FILE, vec![own, all.clone()]),
        registration(Client::Newcomer.id(), KEYS_FILE, vec![first]),
        registration(APPLICATION, &format!("{APPLICATION}.jwks.json"), vec![all]),
    ]
}

/// What the client that runs on the platform may ask for: the first scope of the partner's API.
pub(crate) fn pod_access(side: Side, plan: &Plan) -> Table {
    match access(&plan.parties[side.other()], &scopes(side.other())[..1]) {
        Value::Table(table) => table,
        _ => Table::new(),
    }
}

/// A company's trust policy for the tester's own issuer. Its keys are in [`KEYS_FILE`] beside it.
pub(crate) fn trust_policy(side: Side, party: &Party) -> Table {
    let mut client = Table::new();
    client.insert("scopes".to_owned(), list(&scopes(side)));
    let mut clients = Table::new();
    clients.insert(Client::Tester.id().to_owned(), Value::Table(client));
    let mut agent = Table::new();
    agent.insert("scopes".to_owned(), list(&[EVENTS_SCOPE]));
    clients.insert(AGENT.to_owned(), Value::Table(agent));
    let mut table = Table::new();
    table.insert("issuer".to_owned(), TESTER_ISSUER.into());
    table.insert("keys".to_owned(), jwks_file(KEYS_FILE));
    table.insert("enabled".to_owned(), true.into());
    table.insert("audience".to_owned(), party.api.url.clone().into());
    table.insert("algorithms".to_owned(), list(&["ES256"]));
    table.insert("max_token_lifetime".to_owned(), "15m".into());
    table.insert("sender_constraint".to_owned(), "none".into());
    table.insert("clients".to_owned(), Value::Table(clients));
    table
}

fn access(party: &Party, scopes: &[&str]) -> Value {
    let mut table = Table::new();
    table.insert("audience".to_owned(), party.api.url.clone().into());
    table.insert("scopes".to_owned(), list(scopes));
    Value::Table(table)
}

fn jwks_file(name: &str) -> Value {
    let mut table = Table::new();
    table.insert("jwks_file".to_owned(), name.into());
    Value::Table(table)
}

fn list(values: &[&str]) -> Value {
    Value::Array(values.iter().map(|value| Value::from(*value)).collect())
}
