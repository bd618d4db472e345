//! The command line.

mod arguments;
mod check;
mod health;
mod register;
mod serve;

use crate::config::SidecarConfig;
use crate::error::StartError;
use arguments::{Arguments, Command};
use bridge_process::config::ConfigError;
use bridge_process::{Exit, Process, Variables};
use bridge_types::{Clock, SystemClock};
use clap::Parser;
use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Requests wait for sockets, not for processors.
const WORKERS: usize = 2;

/// What every subcommand gets.
struct Invocation {
    file: PathBuf,
    variables: Variables,
    stdout: Box<dyn Write>,
    stderr: Box<dyn Write>,
    clock: Arc<dyn Clock>,
}

/// Why a command did not succeed, split by exit code.
#[derive(Debug)]
enum Failure {
    /// The configuration is wrong.
    Misconfigured(ConfigError),
    /// The command could not be done.
    Failed(String),
    /// The command was done, and has said what it found wrong.
    Found,
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Misconfigured(error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Configuration(error) => Self::Misconfigured(error),
            StartError::System { .. } => Self::Failed(error.to_string()),
        }
    }
}

/// Runs one command line.
pub(crate) fn run(process: Process) -> Exit {
    let Process { arguments, variables, stdin: _, mut stdout, mut stderr } = process;
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            drop(write!(stderr, "{}", error.render()));
            return Exit::Misconfigured;
        }
        Err(help) => return if write!(stdout, "{}", help.render()).is_ok() { Exit::Done } else { Exit::Failed },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    let clock = Arc::new(SystemClock::new());
    let mut invocation = Invocation { file: arguments.config, variables, stdout, stderr, clock };
    let done = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(&mut invocation, arguments.command)),
        Err(error) => Err(Failure::Failed(format!("no runtime: {error}"))),
    };
    match done {
        Ok(()) => Exit::Done,
        Err(failure) => invocation.report(&failure),
    }
}

async fn dispatch(invocation: &mut Invocation, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::run(invocation).await,
        Command::Register { activate: true, .. } => register::activate(invocation),
        Command::Register { next, .. } => register::run(invocation, next),
        Command::Check => check::run(invocation).await,
        Command::Health => health::run(invocation).await,
    }
}

impl Invocation {
    fn load(&self) -> Result<SidecarConfig, ConfigError> {
        SidecarConfig::load(&self.file)
    }

    /// Prints a line as a result.
    fn print(&mut self, line: impl Display) -> Result<(), Failure> {
        let written = writeln!(self.stdout, "{line}").and_then(|()| self.stdout.flush());
        written.map_err(|error| Failure::Failed(format!("standard output cannot be written: {error}")))
    }

    /// Says something that is no result. When standard error is gone nobody is left to be told.
    fn say(&mut self, line: impl Display) {
        drop(writeln!(self.stderr, "{line}"));
    }

    fn report(&mut self, failure: &Failure) -> Exit {
        match failure {
            Failure::Misconfigured(error) => {
                self.say(format_args!("error: {}", error.report()));
                Exit::Misconfigured
            }
            Failure::Failed(reason) => {
                self.say(format_args!("error: {reason}"));
                Exit::Failed
            }
            Failure::Found => Exit::Failed,
        }
    }
}
