use super::Invocation;
use super::failure::Failure;
use crate::config::Configuration;
use bridge_types::{Audience, ClientId, IssuerUrl, ScopeSet};
use bridge_validator::TrustPolicy;
use bridge_validator::policy::KeySource;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Shows the trust policies as they stand in the files.
pub(super) fn run(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    invocation.console.print(&Listing { partners: configuration.policies.iter().map(Row::of).collect() })
}

#[derive(Serialize)]
struct Listing {
    partners: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    partner: String,
    issuer: IssuerUrl,
    enabled: bool,
    valid_until: Option<jiff::civil::Date>,
    keys: &'static str,
    audience: Audience,
    algorithms: Vec<String>,
    max_token_lifetime_seconds: u64,
    clients: BTreeMap<ClientId, ScopeSet>,
    outbound: Option<Outbound>,
}

#[derive(Serialize)]
struct Outbound {
    url: Audience,
    audience: Audience,
    client: String,
    agent: Option<String>,
}

impl Row {
    fn of(policy: &TrustPolicy) -> Self {
        Self {
            partner: policy.partner.to_string(),
            issuer: policy.issuer.url().clone(),
            enabled: policy.enabled,
            valid_until: policy.valid_until,
            keys: match policy.keys {
                KeySource::Discover => "discover",
                KeySource::Pinned(_) => "jwks_file",
            },
            audience: policy.audience.clone(),
            algorithms: policy.algorithms.iter().map(ToString::to_string).collect(),
            max_token_lifetime_seconds: policy.max_token_lifetime.as_secs(),
            clients: policy.clients.clone(),
            outbound: policy.outbound.as_ref().map(|outbound| Outbound {
                url: outbound.url.clone(),
                audience: outbound.audience.clone(),
                client: outbound.client.clone(),
                agent: outbound.agent.clone(),
            }),
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.partners.iter().try_for_each(|row| row.fmt(f))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.enabled { "" } else { "  (DISABLED)" };
        writeln!(f, "{}{state}", self.partner)?;
        writeln!(f, "  issuer      {}", self.issuer)?;
        writeln!(f, "  keys        {}, {}", self.keys, self.algorithms.join(" "))?;
        writeln!(f, "  audience    {}", self.audience)?;
        writeln!(f, "  tokens      live {} s at most", self.max_token_lifetime_seconds)?;
        if let Some(last) = self.valid_until {
            writeln!(f, "  valid       until {last}, that day included")?;
        }
        for (client, scopes) in &self.clients {
            writeln!(f, "  client      {client}: {scopes}")?;
        }
        if let Some(Outbound { url, audience, client, agent }) = &self.outbound {
            writeln!(f, "  outbound    {url} as {client}, audience {audience}")?;
            match agent {
                Some(agent) => writeln!(f, "  agent       {agent}: pushes revocations, reads the mirror")?,
                None => writeln!(f, "  agent       none: revocations are not pushed, the mirror is not read")?,
            }
        }
        Ok(())
    }
}
