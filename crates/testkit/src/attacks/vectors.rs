//! The corpus as files: the same cases with fixed keys, a fixed clock and signatures that do not change, for verifiers
//! in any language (`scenarios/attacks/`).

use super::token_endpoint::TokenCase;
use super::{Case, Face, Foreign, Policy, Ring, World, resource_server, token_endpoint};
use crate::forge::Pen;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_jose::{Algorithm, SigningKey};
use bridge_types::Secret;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

mod form;

use form::{DeskHead, OneRequest, Partner, Registered, Requests, RouteHead, Vector, jwks};

/// The moment of every vector: 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600;

const SCHEMA: &str = "./vectors.schema.json";

/// The private keys of the vectors: algorithm → role → PKCS#8 in base64. Published on purpose.
pub type Keys = BTreeMap<Algorithm, BTreeMap<String, String>>;

/// New keys, for a corpus that starts over.
pub fn new_keys() -> Keys {
    let roles = |algorithm| {
        let Ring { current, retired, foreign, rogue } = Ring::generate(algorithm);
        let roles = [("current", current), ("retired", retired), ("foreign", foreign), ("rogue", rogue)];
        roles.map(|(role, key)| (role.to_owned(), STANDARD.encode(key.to_pkcs8().expose()))).into()
    };
    Algorithm::ALL.into_iter().map(|algorithm| (algorithm, roles(algorithm))).collect()
}

/// Every file of vectors by its name. The same keys and a pen that remembers the same signatures give the same files.
///
/// # Panics
/// When the keys are not those of [`new_keys`].
pub fn files(keys: &Keys, pen: &Pen) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for algorithm in Algorithm::ALL {
        let name = algorithm.as_str().to_ascii_lowercase();
        let route = world(Face::ResourceServer, route_policy(algorithm), keys, pen);
        files.insert(format!("resource-server.{name}.json"), resource_server_file(&route, algorithm));
    }
    // A token endpoint is the own company's; that its clients use other algorithms is tried in process alone.
    let desk = world(Face::TokenEndpoint, desk_policy(Algorithm::Es256), keys, pen);
    files.insert("token-endpoint.es256.json".to_owned(), token_endpoint_file(&desk, Algorithm::Es256));
    files
}

fn world(face: Face, policy: Policy, keys: &Keys, pen: &Pen) -> World {
    let rings = policy.algorithms.iter().map(|algorithm| (*algorithm, ring(keys, *algorithm))).collect();
    World { face, policy, rings, pen: pen.clone(), run: String::new(), margin: 0 }
}

/// The keys of one algorithm.
///
/// # Panics
/// When the keys are not those of [`new_keys`].
pub fn ring(keys: &Keys, algorithm: Algorithm) -> Ring {
    let key = |role: &str| {
        let pkcs8 = STANDARD.decode(&keys[&algorithm][role]).expect("keys are base64");
        SigningKey::from_pkcs8(algorithm, Secret::new(pkcs8)).expect("keys are PKCS#8")
    };
    Ring { current: key("current"), retired: key("retired"), foreign: key("foreign"), rogue: key("rogue") }
}

/// Two algorithms of the four, so that a file has both an algorithm that is not the key's and one that is not allowed.
fn route_policy(algorithm: Algorithm) -> Policy {
    let second = match algorithm {
        Algorithm::Es256 => Algorithm::EdDsa,
        Algorithm::EdDsa => Algorithm::Es256,
        Algorithm::Ps256 => Algorithm::Rs256,
        Algorithm::Rs256 => Algorithm::Ps256,
    };
    Policy {
        issuer: "https://issuer.company-a.example".to_owned(),
        audience: "https://api.company-b.example".to_owned(),
        algorithms: vec![algorithm, second],
        client: "order-service".to_owned(),
        scopes: vec!["shipments:read".to_owned(), "shipments:write".to_owned()],
        limited_client: Some("reader".to_owned()),
        required_scope: "shipments:read".to_owned(),
        leeway: 30,
        max_lifetime: Some(900),
        status_list: Some("https://issuer.company-a.example/status/1".to_owned()),
        foreign: Some(Foreign {
            issuer: "https://issuer.company-c.example".to_owned(),
            client: "stock-service".to_owned(),
        }),
    }
}

fn desk_policy(algorithm: Algorithm) -> Policy {
    Policy {
        limited_client: Some("shop".to_owned()),
        max_lifetime: Some(60),
        status_list: None,
        foreign: None,
        ..route_policy(algorithm)
    }
}

fn resource_server_file(world: &World, algorithm: Algorithm) -> String {
    let policy = &world.policy;
    let foreign = policy.foreign.as_ref().expect("the policy of the vectors has another issuer");
    let partner = |issuer, clients, keys: &str, status_lists| Partner {
        issuer,
        audience: &policy.audience,
        algorithms: &policy.algorithms,
        max_token_lifetime: policy.max_lifetime.unwrap_or_default(),
        clients,
        jwks: jwks(keys),
        status_lists,
    };
    let ceiling: Vec<&str> = policy.scopes.iter().map(String::as_str).collect();
    let limited = ceiling.iter().copied().filter(|scope| *scope != policy.required_scope).collect();
    let clients = [(policy.client.as_str(), ceiling)].into_iter();
    let clients = clients.chain(policy.limited_client.as_deref().map(|client| (client, limited))).collect();
    let status_lists = policy.status_list.as_deref().zip(world.status_list(moment())).into_iter().collect();
    let foreign_clients = [(foreign.client.as_str(), vec![policy.required_scope.as_str()])].into();
    let head = RouteHead {
        schema: SCHEMA,
        format: 1,
        face: "resource-server",
        algorithm,
        now: NOW,
        leeway: policy.leeway,
        required_scope: &policy.required_scope,
        partners: [
            partner(&policy.issuer, clients, &world.jwks(), status_lists),
            partner(&foreign.issuer, foreign_clients, &world.foreign_jwks(), BTreeMap::new()),
        ],
    };
    let vector = |case: &Case| {
        let sent = OneRequest { request: case.forge(world, moment()) };
        let expect = case.expected().into();
        text(&Vector { id: case.id(), title: case.title(), clause: case.clause(), basis: case.basis(), sent, expect })
    };
    file(&head, resource_server::cases(policy, algorithm).iter().map(vector))
}

fn token_endpoint_file(world: &World, algorithm: Algorithm) -> String {
    let policy = &world.policy;
    let client = |client_id, keys: &str| Registered {
        client_id,
        resource: &policy.audience,
        scopes: &policy.scopes,
        jwks: jwks(keys),
    };
    let other = policy.limited_client.as_deref().expect("the policy of the vectors has another client");
    let head = DeskHead {
        schema: SCHEMA,
        format: 1,
        face: "token-endpoint",
        algorithm,
        now: NOW,
        leeway: policy.leeway,
        issuer: &policy.issuer,
        max_assertion_lifetime: policy.max_lifetime.unwrap_or_default(),
        clients: [client(&policy.client, &world.jwks()), client(other, &world.foreign_jwks())],
    };
    let vector = |case: &TokenCase| {
        let sent = Requests { requests: case.forge(world, moment()) };
        let expect = case.expected().into();
        let (title, clause, basis) = (case.title(), case.clause(), case.basis());
        text(&Vector { id: case.id(), title, clause, basis, sent, expect })
    };
    file(&head, token_endpoint::cases(policy, algorithm).iter().map(vector))
}

fn moment() -> Timestamp {
    Timestamp::from_second(NOW).expect("a moment within the calendar")
}

fn text(vector: &impl Serialize) -> String {
    serde_json::to_string(vector).expect("a vector is JSON")
}

/// The head over many lines and each case on one, so that a change of one case is a change of one line.
fn file(head: &impl Serialize, cases: impl Iterator<Item = String>) -> String {
    let head = serde_json::to_string_pretty(head).expect("a head is JSON");
    let cases = cases.map(|case| format!("    {case}")).collect::<Vec<_>>().join(",\n");
    format!("{},\n  \"cases\": [\n{cases}\n  ]\n}}\n", head.trim_end_matches("\n}"))
}
