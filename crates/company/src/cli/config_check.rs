use super::Invocation;
use super::failure::Failure;
use crate::check::{CredentialFound, check};
use crate::config::ConfigError;
use serde::Serialize;
use std::fmt;

/// Validates everything that can be validated without starting, and lists what is wrong.
pub(super) fn run(invocation: &mut Invocation) -> Result<(), Failure> {
    let findings = check(&invocation.directory, &invocation.variables, &invocation.clock);
    let failed = !findings.errors.is_empty();
    let report =
        Report { ok: !failed, errors: findings.errors, warnings: findings.warnings, credentials: findings.credentials };
    invocation.console.print(&report)?;
    if failed { Err(Failure::FoundMisconfigured) } else { Ok(()) }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    errors: Vec<ConfigError>,
    warnings: Vec<ConfigError>,
    credentials: Vec<CredentialFound>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.errors.iter().try_for_each(|error| writeln!(f, "error: {}", error.report()))?;
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {}", warning.report()))?;
        for CredentialFound { client, kind, rotation } in &self.credentials {
            writeln!(f, "client {client}: {kind}, replaced {rotation}")?;
        }
        match (self.errors.len(), self.warnings.len()) {
            (0, 0) => writeln!(f, "the configuration is good"),
            (0, warnings) => writeln!(f, "the configuration can be used; {warnings} warning(s)"),
            (errors, _) => writeln!(f, "the configuration cannot be used; {errors} error(s)"),
        }
    }
}
