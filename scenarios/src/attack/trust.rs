//! What a company is told so that the attack can begin: policies for the attacker's issuer, or registered clients.

use super::publisher;
use crate::side::Side;
use crate::stand::{DIRECT, Stand};
use crate::tester::scopes;
use bridge_jose::Algorithm;
use bridge_testkit::attacks::{Foreign, Policy};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// What the company is told: the issuer at this address, for all that the route's own clients may do but the last scope.
pub(super) fn policy(stand: &Stand, side: Side, issuer: &str) -> Policy {
    let scopes = scopes(side);
    Policy {
        issuer: issuer.to_owned(),
        audience: stand.plan.parties[side].api.url.clone(),
        algorithms: Algorithm::ALL.to_vec(),
        client: "attacker".to_owned(),
        scopes: scopes[..2].iter().map(|scope| (*scope).to_owned()).collect(),
        limited_client: Some("attacker-limited".to_owned()),
        required_scope: scopes[0].to_owned(),
        leeway: 30,
        max_lifetime: Some(900),
        status_list: Some(publisher::status_list_of(issuer)),
        foreign: Some(Foreign { issuer: format!("{issuer}/other"), client: "attacker-elsewhere".to_owned() }),
    }
}

/// The policy files that say so, by name.
pub(super) fn policies(policy: &Policy) -> Vec<(&'static str, Table)> {
    let limited: Vec<&str> =
        policy.scopes.iter().map(String::as_str).filter(|one| *one != policy.required_scope).collect();
    let all: Vec<&str> = policy.scopes.iter().map(String::as_str).collect();
    let mut own = BTreeMap::from([(policy.client.as_str(), all)]);
    own.extend(policy.limited_client.as_deref().map(|client| (client, limited)));
    let mut own = table(policy, &policy.issuer, own);
    if policy.status_list.is_some() {
        own.insert("status_list_hosts".to_owned(), Value::Array(vec![DIRECT.to_string().into()]));
    }
    let mut files = vec![("attacker", own)];
    if let Some(foreign) = &policy.foreign {
        let clients = BTreeMap::from([(foreign.client.as_str(), vec![policy.required_scope.as_str()])]);
        files.push(("attacker-other", table(policy, &foreign.issuer, clients)));
    }
    files
}

fn table(policy: &Policy, issuer: &str, clients: BTreeMap<&str, Vec<&str>>) -> Table {
    let list = |values: Vec<&str>| Value::Array(values.into_iter().map(Value::from).collect());
    let client = |scopes| Value::Table(Table::from_iter([("scopes".to_owned(), list(scopes))]));
    let clients = clients.into_iter().map(|(name, scopes)| (name.to_owned(), client(scopes))).collect();
    Table::from_iter([
        ("issuer".to_owned(), issuer.into()),
        ("audience".to_owned(), policy.audience.as_str().into()),
        ("algorithms".to_owned(), list(policy.algorithms.iter().map(|algorithm| algorithm.as_str()).collect())),
        ("max_token_lifetime".to_owned(), "15m".into()),
        ("clients".to_owned(), Value::Table(clients)),
    ])
}

/// What the company's own issuer is told: two clients, for all scopes of the own API but the last.
pub(super) fn desk(stand: &Stand, side: Side) -> Policy {
    let issuer = &stand.plan.parties[side].issuer.url;
    Policy { max_lifetime: Some(60), status_list: None, foreign: None, ..policy(stand, side, issuer) }
}

/// A client to be registered.
pub(super) struct Registration {
    /// Its id, and the name of its file.
    pub(super) id: String,
    /// The file itself.
    pub(super) table: Table,
    /// The file of its keys, which it names.
    pub(super) keys_file: String,
    /// Their content.
    pub(super) jwks: String,
}

/// The clients of [`desk`], with these keys.
pub(super) fn clients(policy: &Policy, jwks: [String; 2]) -> Vec<Registration> {
    let ids = std::iter::once(&policy.client).chain(&policy.limited_client);
    let registration = |(id, jwks): (&String, String)| {
        let keys_file = format!("{id}.jwks.json");
        let scopes = policy.scopes.iter().map(|scope| Value::from(scope.as_str())).collect();
        let access = Table::from_iter([
            ("audience".to_owned(), policy.audience.as_str().into()),
            ("scopes".to_owned(), Value::Array(scopes)),
        ]);
        let credential = Table::from_iter([("jwks_file".to_owned(), keys_file.as_str().into())]);
        let table = Table::from_iter([
            ("client_id".to_owned(), id.as_str().into()),
            ("credential".to_owned(), Value::Table(credential)),
            ("access".to_owned(), Value::Array(vec![Value::Table(access)])),
        ]);
        Registration { id: id.clone(), table, keys_file, jwks }
    };
    ids.zip(jwks).map(registration).collect()
}
