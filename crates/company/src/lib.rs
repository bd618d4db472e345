//! One company, composed of an issuer, a client, a validator and a store: configuration, TLS, telemetry, listeners,
//! the command line and the operations pages. The business comes in through [`Application`].

mod api;
mod application;
mod check;
mod cli;
mod company;
pub mod config;
mod credentials;
mod egress;
mod error;
mod events;
mod evidence;
mod fetchers;
mod health;
mod http;
mod identity;
mod in_flight;
mod keys;
mod linger;
mod listeners;
mod live;
mod mirror;
mod operations;
mod partner_status;
mod partners;
mod probe;
mod revocations;
mod roles;
mod servers;
mod suppressed;
mod this_machine;
mod tls;
mod workloads;

pub use application::{Application, Context};
pub use bridge_process::{Exit, Process};
pub use company::Company;
pub use credentials::RegistrationError;
pub use error::StartError;
pub use identity::{Addresses, LocalAddress, PublicAddress};
pub use partners::Partners;

use std::io::Write;

/// Runs the command line of a company: the whole of a `main`.
///
/// Guards the process against being read from outside ([`bridge_process::guards`]), then reads the arguments and the
/// environment, here and nowhere else. Exit codes: 0 done, 1 the command found something
/// wrong (a failed check, an answer of 400 or more), 2 the configuration or the command line is wrong.
pub fn run<A: Application>() -> std::process::ExitCode {
    if let Err(unguarded) = bridge_process::guards::harden() {
        drop(writeln!(std::io::stderr(), "error: {unguarded}"));
        return Exit::Failed.into();
    }
    run_with::<A>(Process::current()).into()
}

/// Like [`run`], with arguments, environment and outputs of the caller's choice.
pub fn run_with<A: Application>(process: Process) -> Exit {
    cli::run::<A>(process)
}
