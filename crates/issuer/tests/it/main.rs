//! The issuer from outside: through [`bridge_issuer::Issuer::token`] and through HTTP.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test, a broken premise is a panic")]

mod access;
mod assertion;
mod clock;
mod discovery;
mod fake_status;
mod form;
mod http;
mod keys;
mod limits;
mod log;
mod replay;
mod revocation;
mod rotation;
mod status;
mod support;
mod workload;
