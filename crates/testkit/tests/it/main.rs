//! Checks of the workspace as a whole, and the attack corpus against Bridge's own validator and issuer.

#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod answer;
mod arrows;
mod corpus;
mod cross_use;
mod differential;
mod judge;
mod network;
mod openbao;
mod resource_server;
mod seeds;
mod settings;
mod token_endpoint;
mod vectors;
mod verification;
