//! The cross-company scenarios: their texts, the runner that plays them against two running companies, and its report.
//!
//! What a tester needs to know is in `README.md` beside this crate.

mod attack;
mod certificates;
mod cli;
mod console;
mod error;
mod features;
mod record;
mod report;
mod run;
mod side;
mod stage;
mod stand;
mod steps;
mod tester;

pub use cli::Cli;

use cli::Command;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the runner knows of the place where it runs. Read once, in `main`.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The cargo that started the runner; `None` when none did.
    pub cargo: Option<PathBuf>,
    /// The runner's own binary.
    pub executable: PathBuf,
    /// The directory with `company-a` and `company-b`.
    pub workspace: PathBuf,
}

/// Does what the command line asks for. Exit codes: 0 all scenarios passed, 1 a scenario failed, 2 the scenarios could
/// not be run (the reason is on standard error).
pub async fn main(cli: Cli, surroundings: Surroundings) -> ExitCode {
    let done = match cli.command() {
        Command::Run(run) => run::run(&run, &surroundings).await,
        Command::List(list) => run::list(&list).map(|()| true),
        Command::Attack(attack) => attack::run(&attack).await,
        Command::Certificates(wanted) => certificates::run(&wanted, &surroundings).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            console::complain(&problem);
            ExitCode::from(2)
        }
    }
}
