//! The sidecar: lets an application in any language call partners without ever seeing a credential or a token.
//!
//! The application calls `http://127.0.0.1:PORT/PARTNER/PATH`, or a Unix socket; the sidecar checks who calls, gets a token
//! from the OWN issuer for that partner and the scopes that the configuration gives to the route, and hands both bodies
//! on while they arrive. For applications that want to call by themselves it keeps tokens in files.
//!
//! It links the client role alone: no key of an issuer and no trust policy is in its process. What it does NOT do: judge
//! answers, repeat requests other than after a refused token, cache, or serve anybody but this machine.

mod answers;
mod cli;
pub mod config;
mod credential;
mod error;
mod health;
mod listener;
mod operations;
mod partners;
mod proxy;
mod runtime;
mod server;
mod sidecar;
mod token_files;

pub use error::StartError;
pub use sidecar::{Addresses, ListenAddress, Sidecar};

use bridge_process::{Exit, Process};
use std::io::Write;

/// Runs the command line of the sidecar: the whole of its `main`.
///
/// Guards the process first ([`bridge_process::guards`]). Exit codes: 0 done, 1 it could not be done, 2 the configuration
/// or the command line is wrong.
pub fn run() -> std::process::ExitCode {
    if let Err(unguarded) = bridge_process::guards::harden() {
        drop(writeln!(std::io::stderr(), "error: {unguarded}"));
        return Exit::Failed.into();
    }
    run_with(Process::current()).into()
}

/// Like [`run`], with arguments, environment and outputs of the caller's choice, and without the guards.
pub fn run_with(process: Process) -> Exit {
    cli::run(process)
}
