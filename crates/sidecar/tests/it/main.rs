//! The sidecar over real sockets: between an application that is nothing but bytes, an issuer and partners.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test, a broken premise is a panic")]

mod attacks;
mod bodies;
mod configuration;
mod handing_on;
mod leaks;
mod process;
mod refusals;
mod renewal;
mod support;
mod token_files;
