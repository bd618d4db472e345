use super::client_files::toml_files;
use bridge_process::config::{ConfigError, Place, unreadable};
use bridge_validator::policy::PolicyProblem;
use bridge_validator::{PolicyError, TrustPolicy};
use std::path::Path;

/// Reads every policy of a directory: what can be used, and what is wrong with the rest.
pub(crate) fn read_policies(directory: &Path) -> (Vec<TrustPolicy>, Vec<ConfigError>) {
    let files = match toml_files(directory) {
        Ok(files) => files,
        Err(error) => return (Vec::new(), vec![error]),
    };
    let (mut policies, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        match TrustPolicy::read(&file) {
            Ok(policy) => policies.push(policy),
            Err(error) => errors.push(complaint(&error)),
        }
    }
    (policies, errors)
}

/// The validator's complaint in the form of this crate.
pub(crate) fn complaint(error: &PolicyError) -> ConfigError {
    let file = error.file.as_path();
    match &error.problem {
        PolicyProblem::Content { line, column, defect } => {
            ConfigError::of_toml(Place::Line { file: file.to_owned(), line: *line, column: *column }, defect.clone())
        }
        PolicyProblem::Neighbour { key, error } => {
            ConfigError::new(Place::file(file), format!("the file that `{key}` names cannot be read"))
                .expected("a file beside this one")
                .found(error.to_string())
                .remedy("put the file there, or correct its name")
        }
        PolicyProblem::Unreadable { error, .. } => unreadable(file, "a policy", error),
        PolicyProblem::Name(invalid) => ConfigError::new(Place::file(file), "a file whose name cannot be a name")
            .expected(invalid.expected())
            .found(format!("\"{}\"", file.file_stem().unwrap_or_default().display()))
            .remedy("rename it"),
        PolicyProblem::IssuerTwice { issuer, other } => {
            ConfigError::new(Place::file(file), format!("issuer {issuer} for a second time"))
                .expected("each issuer in one file")
                .found(format!("the same in {}", other.display()))
                .remedy("keep one of the two files")
        }
        PolicyProblem::NotOwn { expected, found } => ConfigError::new(
            Place::file(file),
            "a policy with the name of this company and the issuer of somebody else",
        )
        .expected(format!("issuer = \"{expected}\""))
        .found(format!("\"{found}\""))
        .remedy("correct the issuer, or give the file the partner's name"),
        PolicyProblem::KeyFile { .. } | PolicyProblem::NoKey(_) => {
            ConfigError::new(Place::file(file), "names keys that cannot be used")
                .expected("a JWK set with at least one usable public key")
                .found(error.problem.to_string())
                .remedy("ask the partner for its public keys, each with kid and alg")
        }
        PolicyProblem::NoCertificate(_) | PolicyProblem::Fetcher(_) => {
            ConfigError::new(Place::file(file), "names an authority that cannot be used")
                .expected("PEM certificates of the partner's authority")
                .found(error.problem.to_string())
                .remedy("ask the partner for the certificate of its authority")
        }
    }
}
