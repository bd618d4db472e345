//! The configuration of a company: one directory with `company.toml`, `clients/` and `partners/`.
//!
//! Everything is typed, every unknown key is refused, and every complaint is a [`ConfigError`] that names file, line,
//! what was expected, what was found and what to do. Paths start at the directory of the file in which they stand.

mod client;
mod client_files;
mod company;
mod company_file;
mod keys;
mod limits;
mod overrides;
mod policies;
mod watch;
mod words;
mod workload_issuers;

pub use bridge_process::Variables;
pub use bridge_process::config::{ConfigError, Located, LogFormat, LogLevel, Name, Place, TelemetryConfig};
pub use client::{ClientConfig, ClientKeys, WorkloadClient};
pub use client_files::ClientFiles;
pub use company::{ApiSettings, CompanyConfig, IssuerSettings, TlsFiles};
pub use keys::{KekSource, KeysConfig};
pub use limits::LimitsConfig;
pub(crate) use policies::complaint;
pub(crate) use watch::Watch;
pub use words::{RotationPeriod, TokenLifetime};
pub use workload_issuers::{WorkloadIssuerConfig, WorkloadKeySource};

use bridge_validator::TrustPolicy;
use overrides::Overrides;
use std::path::{Path, PathBuf};

/// Everything that stands in one configuration directory, read and found good.
#[derive(Debug)]
pub struct Configuration {
    /// The directory.
    pub directory: PathBuf,
    /// `company.toml`, overridden by the environment.
    pub company: CompanyConfig,
    /// `clients/`.
    pub clients: ClientFiles,
    /// `partners/`.
    pub policies: Vec<TrustPolicy>,
}

impl Configuration {
    /// Reads a directory.
    ///
    /// Does NOT look at the TLS files, bind a port, open the database or contact anybody.
    ///
    /// # Errors
    /// Everything that is wrong, not just the first.
    pub fn load(directory: &Path, variables: &Variables) -> Result<Self, Vec<ConfigError>> {
        let company = Overrides::from_variables(variables)
            .and_then(|overrides| CompanyConfig::load(directory, &overrides, variables));
        let mut clients = ClientFiles::default();
        clients.refresh(&clients_directory(directory));
        let (policies, mut errors) = policies::read_policies(&partners_directory(directory));
        if clients.errors().is_empty() {
            errors.extend(policies.iter().filter_map(|policy| unknown_client(directory, policy, &clients)));
        }
        errors.extend_from_slice(clients.errors());
        match company {
            Ok(company) if errors.is_empty() => {
                Ok(Self { directory: directory.to_owned(), company, clients, policies })
            }
            Ok(_) => Err(errors),
            Err(error) => Err(std::iter::once(error).chain(errors).collect()),
        }
    }
}

/// Where the clients of the own issuer stand.
pub(crate) fn clients_directory(directory: &Path) -> PathBuf {
    directory.join("clients")
}

/// Where the trust policies stand.
pub(crate) fn partners_directory(directory: &Path) -> PathBuf {
    directory.join("partners")
}

/// The complaint about an `[outbound]` section one of whose clients is not there or has its key elsewhere.
pub(crate) fn unknown_client(directory: &Path, policy: &TrustPolicy, clients: &ClientFiles) -> Option<ConfigError> {
    let outbound = policy.outbound.as_ref()?;
    let named =
        std::iter::once(("client", &outbound.client)).chain(outbound.agent.as_ref().map(|agent| ("agent", agent)));
    let (key, name, found) = named.into_iter().find_map(|(key, name)| {
        let found = match clients.find(name).map(|client| &client.keys) {
            Some(ClientKeys::Managed | ClientKeys::Workload(WorkloadClient { token_file: Some(_), .. })) => {
                return None;
            }
            Some(ClientKeys::Workload(_)) => "a client that runs elsewhere",
            Some(ClientKeys::Elsewhere(_)) => "a client whose private key is kept elsewhere",
            None => "no such file",
        };
        Some((key, name, found))
    })?;
    let file = partners_directory(directory).join(format!("{}.toml", policy.partner));
    Some(
        ConfigError::new(Place::file(&file), format!("[outbound] names the {key} `{name}`"))
            .expected(format!("clients/{name}.toml with credential = \"managed\" or {{ token_file = \"FILE\" }}"))
            .found(found)
            .remedy("name another client, or add that file"),
    )
}

/// The complaint about an `[outbound]` section that cannot be used for another reason.
pub(crate) fn outbound_complaint(directory: &Path, policy: &TrustPolicy, found: String) -> ConfigError {
    let file = partners_directory(directory).join(format!("{}.toml", policy.partner));
    ConfigError::new(Place::file(&file), "[outbound] cannot be used")
        .expected("an API that this company can call")
        .found(found)
        .remedy("see the log for the cause")
}
