use bridge_strict_toml::Defect;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong with the configuration, said in full: what, where, what was expected, what was found, and
/// what to do about it.
///
/// Values of the files are not repeated, because what stands in a wrong place may be a secret. What was read and found to
/// have its form, such as an address or a URL, may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigError(Box<Complaint>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Complaint {
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
        let what = what.into();
        Self(Box::new(Complaint { place, what, expected: unsaid(), found: unsaid(), remedy: unsaid() }))
    }

    /// The form that was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = expected.into();
        self
    }

    /// What stood there instead.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.0.found = found.into();
        self
    }

    /// What the operator does about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = remedy.into();
        self
    }

    /// The complaint about a text of TOML.
    pub fn of_toml(place: Place, defect: Defect) -> Self {
        let Defect { what, expected, found, remedy, .. } = defect;
        Self::new(place, what).expected(expected).found(found).remedy(remedy)
    }

    /// Where it is wrong.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The complaint on several lines, for a person at a terminal.
    pub fn report(&self) -> String {
        let Complaint { place, what, expected, found, remedy } = &*self.0;
        format!("{place}: {what}\n  expected: {expected}\n  found:    {found}\n  to do:    {remedy}")
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint { place, what, expected, found, remedy } = &*self.0;
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
    /// One place in a file.
    #[serde(untagged)]
    Line {
        /// The path as it was given.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted in characters from 1.
        column: usize,
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
            Self::Line { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Variable { variable } => write!(f, "environment variable {variable}"),
        }
    }
}
