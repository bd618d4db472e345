use super::words::{
    Algorithms, Day, FileName, HostName, Keys, Lifetime, NeighbourFile, NetworkWord, NoSenderConstraint,
};
use super::{CaFile, KeySource, Outbound, PinnedKeys, PolicyError, PolicyProblem, TrustPolicy};
use aws_lc_rs::digest::{Context, SHA256};
use bridge_jose::{Algorithm, KeySet};
use bridge_limits::Rate;
use bridge_types::{Audience, ClientId, IssuerUrl, Network, PartnerIssuer, ScopeSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

impl TrustPolicy {
    /// Reads a policy from its file, and the files that it names from beside it.
    ///
    /// # Errors
    /// [`PolicyError`] names the first defect.
    #[expect(clippy::result_large_err, reason = "files are read seldom: the size of their defects costs nothing")]
    pub fn read(file: &Path) -> Result<Self, PolicyError> {
        let read = || {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let FileName(partner) = FileName::try_from(stem).map_err(PolicyProblem::Name)?;
            let text = std::fs::read_to_string(file).map_err(|error| PolicyProblem::unreadable(file, error))?;
            Document::parse(&text)?.into_policy(&partner, &text, file.parent().unwrap_or(Path::new("")))
        };
        read().map_err(|problem| problem.within(file))
    }
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    issuer: IssuerUrl,
    #[serde(default = "discover")]
    keys: Keys,
    ca_file: Option<NeighbourFile>,
    #[serde(default)]
    private_networks: Vec<NetworkWord>,
    #[serde(default = "on")]
    enabled: bool,
    valid_until: Option<Day>,
    audience: Audience,
    #[serde(default = "es256")]
    algorithms: Algorithms,
    #[serde(default = "fifteen_minutes")]
    max_token_lifetime: Lifetime,
    #[serde(default = "unconstrained", rename = "sender_constraint")]
    _sender_constraint: NoSenderConstraint,
    #[serde(default)]
    status_list_hosts: Vec<HostName>,
    #[serde(default)]
    clients: BTreeMap<ClientId, ClientTable>,
    outbound: Option<OutboundTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientTable {
    scopes: ScopeSet,
    requests_per_second: Option<Rate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboundTable {
    url: Audience,
    audience: Option<Audience>,
    client: FileName,
    agent: Option<FileName>,
}

fn discover() -> Keys {
    Keys::Discover
}

fn on() -> bool {
    true
}

fn es256() -> Algorithms {
    Algorithms(vec![Algorithm::Es256])
}

fn fifteen_minutes() -> Lifetime {
    Lifetime(Duration::from_mins(15))
}

fn unconstrained() -> NoSenderConstraint {
    NoSenderConstraint
}

impl Document {
    /// Reads the text, in which no literal secret may stand.
    fn parse(text: &str) -> Result<Self, PolicyProblem> {
        let table = bridge_strict_toml::parse(text).and_then(|table| {
            bridge_strict_toml::refuse_secrets(table.get_ref())?;
            Ok(table)
        });
        table.and_then(bridge_strict_toml::read).map_err(|defect| PolicyProblem::content(text, defect))
    }

    fn into_policy(self, partner: &str, text: &str, beside: &Path) -> Result<TrustPolicy, PolicyProblem> {
        let ca = self.ca_file.map(|NeighbourFile(name)| read_ca(&beside.join(name))).transpose()?;
        let (keys, key_bytes) = match self.keys {
            Keys::Discover => (KeySource::Discover, Vec::new()),
            Keys::File(NeighbourFile(name)) => read_keys(&beside.join(name))?,
        };
        let ca_bytes = ca.as_ref().map_or(&[][..], |ca| &ca.pem);
        let private_networks: Vec<Network> = self.private_networks.into_iter().map(|word| word.0).collect();
        let content = digest_of(&[text.as_bytes(), &key_bytes, ca_bytes]);
        let networks = format!("{private_networks:?}");
        // Whether documents are fetched for pinned keys depends on there being lists.
        let fetches = matches!(keys, KeySource::Discover) || !self.status_list_hosts.is_empty();
        let how = format!("{networks} {fetches}");
        let key_identity = digest_of(&[self.issuer.as_str().as_bytes(), &key_bytes, ca_bytes, how.as_bytes()]);
        Ok(TrustPolicy {
            partner: partner.into(),
            issuer: PartnerIssuer::new(self.issuer),
            keys,
            ca,
            private_networks,
            enabled: self.enabled,
            valid_until: self.valid_until.map(|Day(date)| date),
            audience: self.audience,
            algorithms: self.algorithms.0,
            max_token_lifetime: self.max_token_lifetime.0,
            status_list_hosts: self.status_list_hosts.into_iter().map(|HostName(name)| name).collect(),
            rates: self
                .clients
                .iter()
                .filter_map(|(id, table)| Some((id.clone(), table.requests_per_second?)))
                .collect(),
            clients: self.clients.into_iter().map(|(client, table)| (client, table.scopes)).collect(),
            outbound: self.outbound.map(OutboundTable::into_outbound),
            content,
            key_identity,
        })
    }
}

impl OutboundTable {
    fn into_outbound(self) -> Outbound {
        let audience = self.audience.unwrap_or_else(|| self.url.clone());
        let agent = self.agent.map(|FileName(name)| name);
        Outbound { url: self.url, audience, client: self.client.0, agent }
    }
}

fn read_ca(file: &Path) -> Result<CaFile, PolicyProblem> {
    let pem = std::fs::read(file).map_err(|error| PolicyProblem::neighbour("ca_file", error))?;
    let begin = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(begin.len()).any(|window| window == begin) {
        return Err(PolicyProblem::NoCertificate(file.to_owned()));
    }
    Ok(CaFile { file: file.to_owned(), pem })
}

/// The keys, and the bytes that they were read from. A set that was emptied on purpose revokes all keys; one that is
/// empty because no key in it is usable is a mistake.
fn read_keys(file: &Path) -> Result<(KeySource, Vec<u8>), PolicyProblem> {
    let json = std::fs::read(file).map_err(|error| PolicyProblem::neighbour("jwks_file", error))?;
    let (set, ignored) =
        KeySet::parse(&json).map_err(|error| PolicyProblem::KeyFile { file: file.to_owned(), error: error.into() })?;
    if set.is_empty() && !ignored.is_empty() {
        return Err(PolicyProblem::NoKey(file.to_owned()));
    }
    Ok((KeySource::Pinned(PinnedKeys { file: file.to_owned(), set }), json))
}

/// SHA-256 over parts, each preceded by its length so that no two lists of parts give the same bytes.
fn digest_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}
