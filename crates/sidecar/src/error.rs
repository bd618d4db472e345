use bridge_process::config::ConfigError;

/// Why a sidecar does not start, or a command cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration, or a file, directory or port that it names, cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// The system refused something that no setting changes.
    #[error("{what}: {reason}")]
    System {
        /// What could not be done.
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
