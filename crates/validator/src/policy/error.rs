use bridge_jose::KeySetError;
use bridge_strict_toml::{Defect, position};
use bridge_types::{Invalid, IssuerUrl};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a policy file was not accepted: which file, where in it, what was expected and what was found.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct PolicyError {
    /// The policy file.
    pub file: PathBuf,
    /// What is wrong.
    #[source]
    pub problem: PolicyProblem,
}

impl PolicyError {
    /// The partner that the file is called after; `None` when the complaint is about the directory.
    pub fn partner(&self) -> Option<&str> {
        let is_policy = self.file.extension().is_some_and(|ending| ending == "toml");
        self.file.file_stem().filter(|_| is_policy)?.to_str()
    }
}

/// What is wrong with a policy file.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PolicyProblem {
    /// The file cannot be read.
    #[error("cannot read {}: {error}; check that the file exists and that this process may read it", file.display())]
    Unreadable {
        /// What could not be read.
        file: PathBuf,
        /// Why.
        #[source]
        error: Arc<std::io::Error>,
    },
    /// A file beside the policy, which it names, cannot be read.
    #[error("the file that `{key}` names cannot be read: {error}; put it beside the policy")]
    Neighbour {
        /// The key that names it.
        key: &'static str,
        /// Why.
        #[source]
        error: Arc<std::io::Error>,
    },
    /// Not TOML, an unknown key, a value of the wrong form, or a secret. No value of the file is in it.
    #[error("line {line}, column {column}: {defect}")]
    Content {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        defect: Defect,
    },
    /// The name of the file cannot be the name of a partner.
    #[error("{0}; rename the file")]
    Name(Invalid),
    /// The `jwks_file` holds no JWK set.
    #[error("{}: {error}", file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: Arc<KeySetError>,
    },
    /// The `jwks_file` has no key that can verify: every token of the partner would be refused.
    #[error("{}: expected at least one usable key, found none", .0.display())]
    NoKey(PathBuf),
    /// The `ca_file` holds no certificate.
    #[error("{}: expected PEM with a line \"-----BEGIN CERTIFICATE-----\", found none", .0.display())]
    NoCertificate(PathBuf),
    /// Two files name the same issuer: which of them decides cannot be known.
    #[error("issuer {issuer} is already named by {}; keep one of the two files", other.display())]
    IssuerTwice {
        /// The issuer.
        issuer: IssuerUrl,
        /// The other file.
        other: PathBuf,
    },
    /// The file bears the name of this company, and names the issuer of somebody else: people would take a partner's clients
    /// for the own ones.
    #[error("the file bears the name of this company: expected its issuer {expected}, found {found}")]
    NotOwn {
        /// The own issuer.
        expected: IssuerUrl,
        /// The issuer of the file.
        found: IssuerUrl,
    },
    /// No HTTP client could be made for the partner, such as for a certificate that is none.
    #[error("no client for fetching the keys: {0}")]
    Fetcher(String),
}

impl PolicyProblem {
    pub(crate) fn unreadable(file: &Path, error: std::io::Error) -> Self {
        Self::Unreadable { file: file.to_owned(), error: Arc::new(error) }
    }

    pub(crate) fn neighbour(key: &'static str, error: std::io::Error) -> Self {
        Self::Neighbour { key, error: Arc::new(error) }
    }

    pub(crate) fn content(text: &str, defect: Defect) -> Self {
        let (line, column) = position(text, defect.span.start);
        Self::Content { line, column, defect }
    }

    pub(crate) fn within(self, file: &Path) -> PolicyError {
        PolicyError { file: file.to_owned(), problem: self }
    }
}
