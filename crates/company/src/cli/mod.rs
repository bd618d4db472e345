//! The command line, the same for every company.

mod arguments;
mod call;
mod call_output;
mod clients;
mod clients_switch;
mod config_check;
mod failure;
mod keys;
mod keys_revoke;
mod keys_rewrap;
mod keys_rotate;
mod outbox;
mod output;
mod partner_api;
mod partners_check;
mod partners_list;
mod revoke;
mod serve;
mod table;

use crate::application::Application;
use arguments::{Arguments, ClientsCommand, Command, ConfigCommand, KeysCommand, OutboxCommand, PartnersCommand};
use bridge_process::{Exit, Process, Variables};
use bridge_types::{Clock, SystemClock};
use clap::{CommandFactory, FromArgMatches};
use failure::Failure;
use keys_revoke::Danger;
use outbox::Verdict;
use output::Console;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What every subcommand gets.
struct Invocation {
    directory: PathBuf,
    variables: Variables,
    console: Console,
    stdin: Box<dyn Read>,
    clock: Arc<dyn Clock>,
}

/// Runs one command line.
pub(crate) fn run<A: Application>(process: Process) -> Exit {
    let clock = Arc::new(SystemClock::new());
    let Process { arguments, variables, stdin, stdout, stderr } = process;
    let mut console = Console::new(stdout, stderr);
    let parsed = Arguments::command().name(A::COMMAND).about(A::ABOUT).try_get_matches_from(arguments);
    let arguments = match parsed.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error, &mut console),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::failed(format!("no runtime: {error}")).report(&mut console),
    };
    console.use_json(arguments.json);
    let mut invocation = Invocation { directory: arguments.config, variables, console, stdin, clock };
    let done = runtime.block_on(dispatch::<A>(&mut invocation, arguments.command));
    // Work that blocks a thread, such as a look-up of a name, must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match done {
        Ok(()) => Exit::Done,
        Err(failure) => failure.report(&mut invocation.console),
    }
}

async fn dispatch<A: Application>(invocation: &mut Invocation, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::run::<A>(invocation).await,
        Command::Config { command: ConfigCommand::Check } => config_check::run(invocation),
        Command::Partners { command: PartnersCommand::List } => partners_list::run(invocation),
        Command::Partners { command: PartnersCommand::Check } => partners_check::run::<A>(invocation).await,
        Command::Keys { command } => match command {
            KeysCommand::List => keys::list::<A>(invocation).await,
            KeysCommand::Rotate { client, wait } => keys_rotate::run::<A>(invocation, client, wait).await,
            KeysCommand::Taint(key) => keys_revoke::run::<A>(invocation, Danger::Taint, key).await,
            KeysCommand::Revoke(key) => keys_revoke::run::<A>(invocation, Danger::Revoke, key).await,
            KeysCommand::Rewrap { new } => keys_rewrap::run::<A>(invocation, new).await,
        },
        Command::Clients { command } => match command {
            ClientsCommand::List => clients::run::<A>(invocation).await,
            ClientsCommand::Disable { name, reason } => {
                clients_switch::disable::<A>(invocation, &name, reason.as_deref()).await
            }
            ClientsCommand::Enable { name } => clients_switch::enable::<A>(invocation, &name).await,
        },
        Command::Revoke(arguments) => revoke::run::<A>(invocation, arguments).await,
        Command::Outbox { command } => match command {
            OutboxCommand::List => outbox::list::<A>(invocation).await,
            OutboxCommand::Retry(dead) => outbox::settle::<A>(invocation, Verdict::Retry, &dead.ids).await,
            OutboxCommand::Drop(dead) => outbox::settle::<A>(invocation, Verdict::Drop, &dead.ids).await,
        },
        Command::Call(arguments) => call::run::<A>(invocation, arguments).await,
    }
}

/// Prints what clap says: help as a result, everything else as a complaint.
fn explain(error: &clap::Error, console: &mut Console) -> Exit {
    if error.use_stderr() {
        console.complain(error.render());
        return Exit::Misconfigured;
    }
    match console.bytes(error.render().to_string().as_bytes()) {
        Ok(()) => Exit::Done,
        Err(failure) => failure.report(console),
    }
}
