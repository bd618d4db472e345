use crate::attack::Attack;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Plays the cross-company scenarios and reports on them
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Face,
}

#[derive(Debug, Subcommand)]
enum Face {
    /// The main job: builds and starts both companies, plays every scenario, writes the report
    Demo(Options),
    /// Plays scenarios against a target
    Run {
        /// What the scenarios are played against
        #[arg(long, value_enum)]
        target: Target,
        #[command(flatten)]
        options: Options,
    },
    /// Lists the scenarios with their tags, without playing them
    List(List),
    /// Fires the attack corpus at a resource server that trusts a test issuer, or at a token endpoint
    Attack(Attack),
    /// Makes throw-away TLS files for running both companies by hand
    Certificates(Certificates),
}

#[derive(Debug, Clone, Args)]
struct Options {
    /// Plays only the scenarios with these tags, such as `@scopes and not @restart`
    #[arg(long, value_name = "EXPR")]
    tags: Option<String>,
    /// Where the report goes
    #[arg(long, value_name = "DIR", default_value = "report")]
    report: PathBuf,
}

/// What the scenarios are played against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Two processes on this machine, with embedded databases
    Processes,
    /// Two containers; not in this release
    Containers,
    /// Systems that somebody else runs; not in this release
    Remote,
}

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    /// Against what.
    pub(crate) target: Target,
    /// Which scenarios.
    pub(crate) tags: Option<String>,
    /// Where the report goes.
    pub(crate) report: PathBuf,
}

/// Which scenarios to list.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Lists only the scenarios with these tags
    #[arg(long, value_name = "EXPR")]
    pub(crate) tags: Option<String>,
}

/// Which TLS files to make.
#[derive(Debug, Args)]
pub(crate) struct Certificates {
    /// A configuration directory whose company.toml and partners/ name the files; may be repeated
    #[arg(long = "config", value_name = "DIR")]
    pub(crate) configs: Vec<PathBuf>,
    /// For how many days the certificates are valid
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=365))]
    pub(crate) days: i64,
    /// Replaces files that are there already
    #[arg(long)]
    pub(crate) force: bool,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Play scenarios.
    Run(Run),
    /// List them.
    List(List),
    /// Attack a resource server.
    Attack(Attack),
    /// Make certificates.
    Certificates(Certificates),
}

impl Cli {
    /// The command; the demo is a run against two processes.
    pub(crate) fn command(self) -> Command {
        let run = |target, options: Options| Command::Run(Run { target, tags: options.tags, report: options.report });
        match self.command {
            Face::Demo(options) => run(Target::Processes, options),
            Face::Run { target, options } => run(target, options),
            Face::List(list) => Command::List(list),
            Face::Attack(attack) => Command::Attack(attack),
            Face::Certificates(wanted) => Command::Certificates(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, Command, Target};
    use clap::Parser;

    #[test]
    fn the_demo_is_a_run_against_processes() {
        let Command::Run(run) = Cli::parse_from(["scenarios", "demo", "--tags", "@x"]).command() else { panic!() };
        assert_eq!((run.target, run.tags.as_deref()), (Target::Processes, Some("@x")));
        assert_eq!(run.report.to_str(), Some("report"));
    }

    #[test]
    fn a_run_names_its_target() {
        assert!(Cli::try_parse_from(["scenarios", "run"]).is_err());
        let cli = Cli::parse_from(["scenarios", "run", "--target", "remote"]);
        assert!(matches!(cli.command(), Command::Run(run) if run.target == Target::Remote));
    }
}
