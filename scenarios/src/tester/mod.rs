//! The tester's side of the stand: clients that it has at both companies, an issuer of its own that both companies
//! trust, and one that nobody trusts. Its keys are made for one run and never leave the process.

pub(crate) mod application;
pub(crate) mod asking;
mod assertion;
pub(crate) mod command;
mod defect;
pub(crate) mod event;
pub(crate) mod forge;
pub(crate) mod goods;
pub(crate) mod http;
pub(crate) mod library;
pub(crate) mod lists;
mod registration;
pub(crate) mod token;

pub(crate) use registration::{
    AGENT, APPLICATION, Client, EVENTS_SCOPE, KEYS_FILE, Trust, ceilings, pod_access, registrations, scopes,
    trust_policy,
};

use crate::error::CannotRun;
use crate::side::{Pair, Side};
use bridge_jose::{Algorithm, SigningKey, jwks_json};

/// The issuer identifier of the tester's own issuer. Nobody listens there: its keys are given to the companies as a
/// file.
pub(crate) const TESTER_ISSUER: &str = "https://issuer.tester.example";

/// The keys of the tester.
#[derive(Debug)]
pub(crate) struct Tester {
    clients: Pair<SigningKey>,
    issuer: SigningKey,
    stranger: SigningKey,
}

impl Tester {
    /// Makes the keys.
    pub(crate) fn new() -> Result<Self, CannotRun> {
        let key = || SigningKey::generate(Algorithm::Es256).map_err(|error| CannotRun::Tester(error.to_string()));
        Ok(Self { clients: Pair::try_new(|_| key())?, issuer: key()?, stranger: key()? })
    }

    /// The key of the tester's clients of a company.
    pub(crate) fn client_key(&self, side: Side) -> &SigningKey {
        &self.clients[side]
    }

    /// The public keys of the tester's clients of a company, as that company reads them.
    pub(crate) fn client_jwks(&self, side: Side) -> String {
        jwks_json([self.clients[side].public()])
    }

    /// The public keys of the tester's own issuer, as both companies read them.
    pub(crate) fn issuer_jwks(&self) -> String {
        jwks_json([self.issuer.public()])
    }
}
