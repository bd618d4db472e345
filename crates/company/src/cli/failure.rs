use crate::config::ConfigError;
use bridge_store::OpenError;
use std::io::Write;
use std::process::ExitCode;

/// Why a command did not succeed, split by exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// The configuration is wrong: exit code 2.
    Misconfigured(Vec<ConfigError>),
    /// The database cannot be used: exit code 2.
    Database(OpenError),
    /// The command could not be done: exit code 1.
    Failed(String),
    /// The command was done and found something wrong, and has said so: exit code 1.
    Found,
}

impl Failure {
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    /// Says it on standard error and gives the exit code.
    pub(super) fn report(&self) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // Nobody is left to be told when standard error is gone.
        let mut say = |text: String| drop(writeln!(stderr, "error: {text}"));
        match self {
            Self::Misconfigured(errors) => errors.iter().for_each(|error| say(error.report())),
            Self::Database(error) => say(error.to_string()),
            Self::Failed(reason) => say(reason.clone()),
            Self::Found => {}
        }
        match self {
            Self::Misconfigured(_) | Self::Database(_) => ExitCode::from(2),
            Self::Failed(_) | Self::Found => ExitCode::from(1),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Misconfigured(vec![error])
    }
}

impl From<Vec<ConfigError>> for Failure {
    fn from(errors: Vec<ConfigError>) -> Self {
        Self::Misconfigured(errors)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Database(error)
    }
}
