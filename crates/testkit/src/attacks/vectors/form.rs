//! The JSON form of the vectors. `scenarios/attacks/vectors.schema.json` says the same to other languages.

use crate::attacks::token_endpoint::{TokenExpected, TokenRequest};
use crate::attacks::{Basis, Challenge, Expected, Request};
use bridge_jose::Algorithm;
use serde::Serialize;
use std::collections::BTreeMap;

type Jwk = BTreeMap<String, String>;

/// What stands in front of the cases of a resource server.
#[derive(Serialize)]
pub(super) struct RouteHead<'p> {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) format: u8,
    pub(super) face: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) now: i64,
    pub(super) leeway: i64,
    pub(super) required_scope: &'p str,
    pub(super) partners: [Partner<'p>; 2],
}

/// What the target believes of one issuer.
#[derive(Serialize)]
pub(super) struct Partner<'p> {
    pub(super) issuer: &'p str,
    pub(super) audience: &'p str,
    pub(super) algorithms: &'p [Algorithm],
    pub(super) max_token_lifetime: i64,
    pub(super) clients: BTreeMap<&'p str, Vec<&'p str>>,
    pub(super) jwks: Jwks,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) status_lists: BTreeMap<&'p str, String>,
}

/// What stands in front of the cases of a token endpoint.
#[derive(Serialize)]
pub(super) struct DeskHead<'p> {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) format: u8,
    pub(super) face: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) now: i64,
    pub(super) leeway: i64,
    pub(super) issuer: &'p str,
    pub(super) max_assertion_lifetime: i64,
    pub(super) clients: [Registered<'p>; 2],
}

/// A registered client.
#[derive(Serialize)]
pub(super) struct Registered<'p> {
    pub(super) client_id: &'p str,
    pub(super) resource: &'p str,
    pub(super) scopes: &'p [String],
    pub(super) jwks: Jwks,
}

#[derive(Serialize)]
pub(super) struct Jwks {
    pub(super) keys: Vec<Jwk>,
}

pub(super) fn jwks(json: &str) -> Jwks {
    let parsed: BTreeMap<String, Vec<Jwk>> = serde_json::from_str(json).expect("our own key sets are JSON");
    Jwks { keys: parsed.into_values().flatten().collect() }
}

#[derive(Serialize)]
pub(super) struct Vector<'c, R: Serialize> {
    pub(super) id: &'c str,
    pub(super) title: &'c str,
    pub(super) clause: &'c str,
    pub(super) basis: Basis,
    #[serde(flatten)]
    pub(super) sent: R,
    pub(super) expect: Expectation,
}

#[derive(Serialize)]
pub(super) struct OneRequest {
    pub(super) request: Request,
}

#[derive(Serialize)]
pub(super) struct Requests {
    pub(super) requests: Vec<TokenRequest>,
}

/// What a vector deserves.
#[derive(Serialize, Default)]
pub(super) struct Expectation {
    pub(super) decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'static str>,
}

impl From<Expected> for Expectation {
    fn from(expected: Expected) -> Self {
        let Expected::Deny(code) = expected else { return Self { decision: "allow", ..Self::default() } };
        let error = match code.challenge() {
            Challenge::Error(error) => Some(error),
            Challenge::Bare | Challenge::None => None,
        };
        Self { decision: "deny", code: Some(code.as_str()), status: Some(code.status()), error }
    }
}

impl From<TokenExpected> for Expectation {
    fn from(expected: TokenExpected) -> Self {
        match expected {
            TokenExpected::Issued => Self { decision: "allow", ..Self::default() },
            TokenExpected::Refused { error, status } => Self {
                decision: "deny",
                code: None,
                status: Some(status),
                error: Some(error).filter(|error| !error.is_empty()),
            },
        }
    }
}
