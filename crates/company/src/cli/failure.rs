use super::output::Console;
use crate::config::ConfigError;
use crate::error::StartError;
use bridge_issuer::KeyRingError;
use bridge_process::Exit;
use bridge_store::{CustodyError, OpenError, StoreError};

/// Why a command did not succeed, split by exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// The configuration is wrong: exit code 2.
    Misconfigured(Vec<ConfigError>),
    /// The database, or what its keys are sealed with, does not go with this configuration: exit code 2.
    Refused(String),
    /// The command could not be done: exit code 1.
    Failed(String),
    /// The command was done and found something wrong, and has said so: exit code 1.
    Found,
    /// Like [`Self::Found`], for a wrong configuration: exit code 2.
    FoundMisconfigured,
}

impl Failure {
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    /// Says it on standard error and gives the exit code.
    pub(super) fn report(&self, console: &mut Console) -> Exit {
        match self {
            Self::Misconfigured(errors) => {
                for error in errors {
                    console.complain(format_args!("error: {}", error.report()));
                }
            }
            Self::Refused(reason) | Self::Failed(reason) => console.complain(format_args!("error: {reason}")),
            Self::Found | Self::FoundMisconfigured => {}
        }
        match self {
            Self::Misconfigured(_) | Self::Refused(_) | Self::FoundMisconfigured => Exit::Misconfigured,
            Self::Failed(_) | Self::Found => Exit::Failed,
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

impl From<KeyRingError> for Failure {
    fn from(error: KeyRingError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<CustodyError> for Failure {
    fn from(error: CustodyError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Configuration(errors) => Self::Misconfigured(errors),
            StartError::Database(_) | StartError::Custody(_) => Self::Refused(error.to_string()),
            StartError::Issuer(_) | StartError::Keys(_) | StartError::Registration(_) | StartError::System { .. } => {
                Self::Failed(error.to_string())
            }
        }
    }
}
