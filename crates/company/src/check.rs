use crate::config::{
    ClientConfig, ClientKeys, ConfigError, Configuration, Name, Place, Variables, complaint, partners_directory,
};
use crate::egress::own_authorities;
use crate::fetchers::PartnerFetchers;
use crate::tls;
use bridge_process::Outbound;
use bridge_types::{Clock, IssuerUrl};
use bridge_validator::{KeySetup, KeyTiming, OwnPolicy, TrustPolicies, TrustPolicy};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// What a look at a configuration found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// With these the company does not start.
    pub(crate) errors: Vec<ConfigError>,
    /// With these it starts, and somebody will wonder later.
    pub(crate) warnings: Vec<ConfigError>,
    /// What each own client proves itself with.
    pub(crate) credentials: Vec<CredentialFound>,
}

/// The credential of one own client.
#[derive(Debug, Serialize)]
pub(crate) struct CredentialFound {
    /// The client.
    pub(crate) client: Name,
    /// In the word of its file.
    pub(crate) kind: &'static str,
    /// How it is replaced.
    pub(crate) rotation: String,
}

impl CredentialFound {
    fn of(client: &ClientConfig, configuration: &Configuration) -> Self {
        let rotation = match &client.keys {
            ClientKeys::Managed => match configuration.company.issuer.key_rotation.period() {
                Some(period) => format!("by itself, every {} hours", period.as_secs() / 3600),
                None => "when `keys rotate` asks for it".to_owned(),
            },
            ClientKeys::Elsewhere(keys) => format!("by its owner; {} key(s) in the file", keys.len()),
            ClientKeys::Workload(workload) => format!(
                "by the platform of workload-issuers/{}.toml, within {} minutes",
                workload.issuer.name,
                workload.max_token_lifetime.min(workload.issuer.max_token_lifetime).as_secs() / 60
            ),
        };
        Self { client: client.name.clone(), kind: client.keys.kind(), rotation }
    }
}

/// Looks at everything that can be looked at without binding a port, opening the database or contacting anybody.
pub(crate) fn check(directory: &Path, variables: &Variables, clock: &Arc<dyn Clock>) -> Findings {
    let configuration = match Configuration::load(directory, variables) {
        Ok(configuration) => configuration,
        Err(errors) => return Findings { errors, ..Findings::default() },
    };
    let mut errors = Vec::new();
    if let Some(files) = &configuration.company.tls {
        errors.extend(tls::server_config(files).err());
        errors.extend(files.ca_file.as_ref().and_then(|file| own_authorities(file).err()));
    }
    errors.extend(conflicts(&configuration, clock));
    let now = clock.now();
    let warnings = configuration.policies.iter().flat_map(|policy| doubts(&configuration, policy, now));
    let warnings = warnings.chain(no_own_policy(&configuration)).collect();
    let credentials = configuration.clients.iter().map(|client| CredentialFound::of(client, &configuration)).collect();
    Findings { errors, warnings, credentials }
}

/// What only all policies together show, such as two that name one issuer.
fn conflicts(configuration: &Configuration, clock: &Arc<dyn Clock>) -> Vec<ConfigError> {
    let timing = KeyTiming::default();
    let outbound = Outbound::new(configuration.company.hosts.clone());
    let fetchers = Arc::new(PartnerFetchers::new(outbound, timing.fetch_timeout));
    let setup = KeySetup { fetchers, clock: Arc::clone(clock), timing, status: None };
    let (company, directory) = (&configuration.company, partners_directory(&configuration.directory));
    let own = |issuer: &IssuerUrl| OwnPolicy { name: company.name.to_string(), issuer: issuer.clone() };
    let loaded = TrustPolicies::load_for(company.issuer.url.as_ref().map(own), &directory, setup);
    loaded.err().map(|refused| refused.errors.iter().map(complaint).collect()).unwrap_or_default()
}

fn doubts(configuration: &Configuration, policy: &TrustPolicy, now: Timestamp) -> Vec<ConfigError> {
    let file = partners_directory(&configuration.directory).join(format!("{}.toml", policy.partner));
    let doubt = |what: &str| ConfigError::new(Place::file(&file), what);
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut doubts = Vec::new();
    if let Some(last) = policy.valid_until.filter(|last| *last < today.saturating_add(30.days())) {
        doubts.push(
            doubt("the policy ends soon, or has ended")
                .expected("a day more than 30 days away")
                .found(last.to_string())
                .remedy("agree on a new day with the partner"),
        );
    }
    if let Some(api) = configuration.company.api.url.as_ref().filter(|api| **api != policy.audience) {
        doubts.push(
            doubt("accepts tokens for another audience than the own API")
                .expected(format!("audience = \"{api}\""))
                .found(format!("\"{}\"", policy.audience))
                .remedy("correct the audience, unless this API has two names"),
        );
    }
    if policy.clients.is_empty() {
        doubts.push(
            doubt("lets no client in")
                .expected("a section [clients.ID] for each client")
                .found("none")
                .remedy("add the clients that may call, with their scopes"),
        );
    }
    doubts.extend(no_agent(configuration, policy).then(|| {
        doubt("calls a partner without an agent: revocations are not pushed to it, and its mirror is not read")
            .expected("agent = \"NAME\" in [outbound], a client with bridge.events:write and bridge.mirror:read")
            .found("no agent")
            .remedy("add the client and name it; until then the partner learns of revocations from the status lists")
    }));
    doubts
}

/// True for a partner that is called, and to which nobody speaks for the company itself.
fn no_agent(configuration: &Configuration, policy: &TrustPolicy) -> bool {
    let own = configuration.company.issuer.url.as_ref() == Some(policy.issuer.url());
    !own && policy.outbound.as_ref().is_some_and(|outbound| outbound.agent.is_none())
}

fn no_own_policy(configuration: &Configuration) -> Option<ConfigError> {
    let own = configuration.company.issuer.url.as_ref()?;
    let accepted = configuration.policies.iter().any(|policy| policy.issuer.url() == own);
    (!accepted).then(|| {
        let place = Place::file(&partners_directory(&configuration.directory));
        ConfigError::new(place, "no policy for the own issuer")
            .expected(format!("a file {}.toml with issuer = \"{own}\"", configuration.company.name))
            .found("none")
            .remedy("add it, or the company's own clients cannot call its API")
    })
}
