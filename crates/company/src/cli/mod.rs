//! The command line, the same for every company.

mod arguments;
mod call;
mod clients;
mod config_check;
mod failure;
mod keys;
mod output;
mod partners_check;
mod partners_list;
mod serve;

pub use arguments::CallArguments;

use crate::application::Application;
use crate::config::Variables;
use arguments::{Arguments, ClientsCommand, Command, ConfigCommand, KeysCommand, PartnersCommand};
use bridge_types::{Clock, SystemClock};
use clap::{CommandFactory, FromArgMatches};
use failure::Failure;
use output::Output;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What every subcommand gets.
struct Invocation {
    directory: PathBuf,
    variables: Variables,
    output: Output,
    clock: Arc<dyn Clock>,
}

/// Runs one command line and gives its exit code.
pub(crate) fn run<A: Application>(arguments: impl IntoIterator<Item = OsString>, variables: Variables) -> ExitCode {
    let parsed = Arguments::command()
        .name(A::COMMAND)
        .about(A::ABOUT)
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return refuse_arguments(&error),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::failed(format!("no runtime: {error}")).report(),
    };
    let invocation = Invocation {
        directory: arguments.config,
        variables,
        output: Output::new(arguments.json),
        clock: Arc::new(SystemClock::new()),
    };
    let outcome = runtime.block_on(dispatch::<A>(invocation, arguments.command));
    outcome.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}

async fn dispatch<A: Application>(invocation: Invocation, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::run::<A>(&invocation).await,
        Command::Config { command: ConfigCommand::Check } => config_check::run(&invocation),
        Command::Partners { command: PartnersCommand::List } => partners_list::run(&invocation),
        Command::Partners { command: PartnersCommand::Check } => partners_check::run(&invocation).await,
        Command::Keys { command: KeysCommand::List } => keys::run::<A>(&invocation).await,
        Command::Clients { command: ClientsCommand::List } => clients::run(&invocation),
        Command::Call(arguments) => call::run::<A>(&invocation, arguments).await,
    }
}

/// Prints what clap says: help to standard output with exit code 0, a complaint to standard error with exit code 2.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    // Nobody is left to be told when the terminal is gone.
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
