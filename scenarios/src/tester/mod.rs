//! The tester's side of the stand: clients that it has at both companies, an issuer of its own that both companies
//! trust, and one that nobody trusts. Its keys are made for one run and never leave the process.

pub(crate) mod asking;
mod assertion;
pub(crate) mod command;
mod defect;
pub(crate) mod forge;
pub(crate) mod goods;
pub(crate) mod http;
pub(crate) mod library;
mod registration;
pub(crate) mod token;

pub(crate) use registration::{Client, Trust, ceilings, scopes};

use crate::error::CannotRun;
use crate::side::{Pair, Side};
use bridge_jose::{Algorithm, KeyError, PublicJwk, SigningKey, jwks_json};
use std::path::{Path, PathBuf};

/// The issuer identifier of the tester's own issuer. Nobody listens there: its keys are given to the companies as a
/// file.
pub(crate) const TESTER_ISSUER: &str = "https://issuer.tester.example";

/// The keys of the tester.
#[derive(Debug)]
pub(crate) struct Tester {
    clients: Pair<SigningKey>,
    issuer: SigningKey,
    stranger: SigningKey,
    directory: PathBuf,
}

impl Tester {
    /// Makes the keys and writes their public halves into a directory, from which the companies read them.
    pub(crate) fn new(directory: &Path) -> Result<Self, CannotRun> {
        let key =
            || SigningKey::generate(Algorithm::Es256).map_err(|error: KeyError| CannotRun::Tester(error.to_string()));
        let clients = Pair::try_new(|_| key())?;
        let tester = Self { clients, issuer: key()?, stranger: key()?, directory: directory.to_owned() };
        std::fs::create_dir_all(directory).map_err(CannotRun::system("make the tester's directory"))?;
        for (side, key) in tester.clients.iter() {
            write_keys(&tester.client_keys(side), key.public())?;
        }
        write_keys(&tester.issuer_keys(), tester.issuer.public())?;
        Ok(tester)
    }

    /// The key of the tester's clients of a company.
    pub(crate) fn client_key(&self, side: Side) -> &SigningKey {
        &self.clients[side]
    }
}

fn write_keys(path: &Path, key: &PublicJwk) -> Result<(), CannotRun> {
    std::fs::write(path, jwks_json([key])).map_err(CannotRun::system(format!("write {}", path.display())))
}
