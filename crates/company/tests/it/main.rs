//! A company as its operator and its partners see it: configuration, command line, listeners, reload, shutdown.
#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod call;
mod clocks;
mod command_line;
mod configuration;
mod connections;
mod environment;
mod events;
mod limits;
mod mirror;
mod operations;
mod outbox;
mod reach;
mod registration;
mod reload;
mod revocation;
mod rotation;
mod sidecar;
mod start;
mod support;
mod two_companies;
mod workload;
