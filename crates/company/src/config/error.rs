use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong with the configuration, said in full: what, where, what was expected, what was found, and
/// what to do about it.
///
/// The found text is an excerpt of the configuration, never a secret: whatever looks like one is refused before it can
/// be quoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    #[serde(flatten)]
    place: Place,
    what: String,
    expected: String,
    found: String,
    remedy: String,
}

impl ConfigError {
    /// A complaint about one place. Say what was expected and what to do with [`Self::expected`] and its kin.
    pub fn new(place: Place, what: impl Into<String>) -> Self {
        let unsaid = String::new;
        Self { place, what: what.into(), expected: unsaid(), found: unsaid(), remedy: unsaid() }
    }

    /// The form that was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// What stood there instead.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = found.into();
        self
    }

    /// What the operator does about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Where it is wrong.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The complaint on several lines, for a person at a terminal.
    pub fn report(&self) -> String {
        format!(
            "{}: {}\n  expected: {}\n  found:    {}\n  to do:    {}",
            self.place, self.what, self.expected, self.found, self.remedy
        )
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, expected, found, remedy } = self;
        write!(f, "{place}: {what}: expected {expected}, found {found}; {remedy}")
    }
}

impl std::error::Error for ConfigError {}

/// Where something stands in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A file or directory as a whole.
    #[serde(untagged)]
    File {
        /// The path as it was given.
        file: PathBuf,
    },
    /// One line of a file.
    #[serde(untagged)]
    Line {
        /// The path as it was given.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable that overrides the file.
    #[serde(untagged)]
    Variable {
        /// The name of the variable.
        variable: String,
    },
}

impl Place {
    /// A file or directory as a whole.
    pub fn file(path: &Path) -> Self {
        Self::File { file: path.to_owned() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file } => write!(f, "{}", file.display()),
            Self::Line { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Variable { variable } => write!(f, "environment variable {variable}"),
        }
    }
}
