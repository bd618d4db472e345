//! Against a real OpenBao, and against things that only claim to be one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test, a broken premise is a panic")]

mod bao;
mod impostor;
mod leases;
mod logins;
mod recording;
mod secrecy;
mod transit;
