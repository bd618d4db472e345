use std::fmt;
use std::path::{Path, PathBuf};

/// Why the scenarios could not be run at all: exit code 2. A scenario that fails is not one of these.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotRun {
    /// Something on disk or in the operating system.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command line asks for something that cannot be done.
    #[error("{0}")]
    Request(String),
    /// A configuration file of a company is not what the runner can work with.
    #[error("{path}: {problem}")]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificates could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The companies do not build.
    #[error("cannot build the companies: {0}")]
    Build(String),
    /// A company does not start.
    #[error("{company} does not serve: {problem}\nthe end of its log:\n{log}")]
    NotServing {
        /// The name of the company.
        company: &'static str,
        /// What happened instead.
        problem: String,
        /// The last lines of its log.
        log: String,
    },
    /// The feature texts in this binary are broken.
    #[error("cannot read the features: {0}")]
    Features(String),
    /// The report cannot be drawn.
    #[error("cannot draw the report: {0}")]
    Report(#[from] askama::Error),
    /// The runner's own part of the stand cannot be made: its keys or its HTTP client.
    #[error("cannot prepare the tester's side: {0}")]
    Tester(String),
    /// Somebody pressed ctrl-c or sent SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

impl CannotRun {
    /// Says what was tried when the system refused; for `map_err`.
    pub(crate) fn system(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what: format!("cannot {what}"), source }
    }

    /// Complains about a configuration file.
    pub(crate) fn settings(path: &Path, problem: impl fmt::Display) -> Self {
        Self::Settings { path: path.to_owned(), problem: problem.to_string() }
    }
}
