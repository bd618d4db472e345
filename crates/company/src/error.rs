use crate::config::ConfigError;
use crate::credentials::RegistrationError;
use bridge_store::{CustodyError, OpenError};

/// Why a company does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration, or a file or port that it names, cannot be used. At least one complaint.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Configuration(Vec<ConfigError>),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The issuer has no usable signing key.
    #[error("the issuer does not start: {0}")]
    Issuer(#[from] bridge_issuer::StartError),
    /// The keys in the store cannot be used.
    #[error("the keys cannot be read: {0}")]
    Keys(#[from] bridge_issuer::KeyRingError),
    /// The private halves of the keys cannot be sealed or opened.
    #[error("the private keys cannot be opened: {0}")]
    Custody(#[from] CustodyError),
    /// The clients cannot be registered at the issuer.
    #[error("the clients cannot be registered: {0}")]
    Registration(#[from] RegistrationError),
    /// The system refused a socket, a thread or a TLS client.
    #[error("{what}: {reason}")]
    System {
        /// What could not be made.
        what: &'static str,
        /// What the system said.
        reason: String,
    },
}

impl StartError {
    pub(crate) fn system(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::System { what, reason: reason.to_string() }
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(vec![error])
    }
}

/// An error and what led to it, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some errors repeat their cause in their own text.
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
