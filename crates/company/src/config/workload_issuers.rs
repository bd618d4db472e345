use super::client_files::toml_files;
use bridge_issuer::{Platform, TrustDomain, WorkloadAuthority, WorkloadLifetime};
use bridge_jose::{Algorithm, KeySet};
use bridge_process::config::{ConfigError, Name, Place, Source, unreadable};
use bridge_types::{Invalid, IssuerUrl, Network};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// One who gives tokens to processes: `workload-issuers/NAME.toml` and the files that it names.
#[derive(Debug)]
pub struct WorkloadIssuerConfig {
    /// The stem of the file's name.
    pub name: Name,
    /// What it is called in its tokens.
    pub authority: WorkloadAuthority,
    /// Where its keys come from.
    pub keys: WorkloadKeySource,
    /// Which algorithms its tokens may have.
    pub algorithms: Vec<Algorithm>,
    /// The longest life of its tokens.
    pub max_token_lifetime: Duration,
    /// Tells one reading from another: a digest of all that it was read from.
    pub(crate) digest: u64,
}

/// Where the keys of a workload issuer come from.
#[derive(Debug)]
pub enum WorkloadKeySource {
    /// From its metadata (OpenID Connect Discovery §4) and the JWK set that it names, on the origin of the issuer.
    Discover {
        /// PEM: the authority to trust in fetching from it, and from nobody else.
        authority: Option<Vec<u8>>,
        /// The networks, besides public ones, in which it may be.
        private_networks: Vec<Network>,
    },
    /// These. Editing the file is how a key is taken back.
    Pinned(KeySet),
}

/// The files of `workload-issuers/`, each with its last good content. The directory need not be there.
#[derive(Debug, Clone, Default)]
pub(super) struct WorkloadIssuers(BTreeMap<PathBuf, Arc<WorkloadIssuerConfig>>);

impl WorkloadIssuers {
    /// Reads the directory again; gives the complaints. A file that breaks keeps its last good content.
    pub(super) fn refresh(&mut self, directory: &Path) -> Vec<ConfigError> {
        if !directory.exists() {
            self.0.clear();
            return Vec::new();
        }
        let files = match toml_files(directory) {
            Ok(files) => files,
            Err(error) => return vec![error],
        };
        let before = std::mem::take(&mut self.0);
        let mut errors = Vec::new();
        for file in files {
            match WorkloadIssuerConfig::read(&file) {
                Ok(read) => drop(self.0.insert(file, Arc::new(read))),
                Err(error) => {
                    errors.push(error);
                    self.0.extend(before.get(&file).map(|last| (file, Arc::clone(last))));
                }
            }
        }
        errors
    }

    pub(super) fn find(&self, name: &str) -> Option<&Arc<WorkloadIssuerConfig>> {
        self.0.values().find(|issuer| issuer.name.as_str() == name)
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    platform: PlatformWord,
    issuer: Option<IssuerUrl>,
    trust_domain: Option<TrustDomain>,
    keys: Keys,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    private_networks: Vec<NetworkWord>,
    algorithms: Option<Vec<Algorithm>>,
    #[serde(default)]
    max_token_lifetime: WorkloadLifetime,
    #[serde(default = "on")]
    enabled: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PlatformWord {
    Kubernetes,
    GithubActions,
    Spiffe,
    Oidc,
}

#[derive(Deserialize)]
enum Keys {
    #[serde(rename = "discover")]
    Discover,
    #[serde(rename = "jwks_file")]
    File(PathBuf),
}

/// A network in CIDR notation.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct NetworkWord(Network);

impl TryFrom<String> for NetworkWord {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse().map(Self)
    }
}

fn on() -> bool {
    true
}

impl WorkloadIssuerConfig {
    fn read(file: &Path) -> Result<Self, ConfigError> {
        let name = super::client::stem(file)?;
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, "a TOML file", &error))?;
        let mut digest = DefaultHasher::new();
        text.hash(&mut digest);
        let source = Source::new(file, text);
        let document: Document = source.deserialize(source.table()?)?;
        let authority = document.authority(file)?;
        let spiffe = matches!(authority, WorkloadAuthority::TrustDomain(_));
        let usual = if spiffe { Algorithm::Es256 } else { Algorithm::Rs256 };
        let algorithms = document.algorithms.clone().unwrap_or_else(|| vec![usual]);
        if algorithms.is_empty() {
            return Err(ConfigError::new(Place::file(file), "no algorithm")
                .expected("at least one, such as algorithms = [\"RS256\"]")
                .found("an empty list")
                .remedy("name those that the platform signs with, or leave `algorithms` out"));
        }
        Ok(Self {
            name,
            keys: document.keys(file, spiffe, &mut digest)?,
            authority,
            algorithms,
            max_token_lifetime: document.max_token_lifetime.duration(),
            digest: digest.finish(),
        })
    }
}

impl Document {
    fn authority(&self, file: &Path) -> Result<WorkloadAuthority, ConfigError> {
        let platform = match self.platform {
            PlatformWord::Kubernetes => Some(Platform::Kubernetes),
            PlatformWord::GithubActions => Some(Platform::GithubActions),
            PlatformWord::Oidc => Some(Platform::Oidc),
            PlatformWord::Spiffe => None,
        };
        match (platform, &self.issuer, &self.trust_domain) {
            (Some(platform), Some(issuer), None) => Ok(WorkloadAuthority::Issuer(platform, issuer.clone())),
            (None, None, Some(domain)) => Ok(WorkloadAuthority::TrustDomain(domain.clone())),
            _ => Err(ConfigError::new(Place::file(file), "does not say whose tokens these are")
                .expected("`issuer` alone; for platform = \"spiffe\" `trust_domain` alone")
                .found(if self.issuer.is_some() { "`issuer`" } else { "no `issuer`" })
                .remedy("`issuer` is the `iss` of the tokens; the one of a JWT-SVID is never looked at")),
        }
    }

    fn keys(&self, file: &Path, spiffe: bool, digest: &mut DefaultHasher) -> Result<WorkloadKeySource, ConfigError> {
        let beside = |name: &Path| file.with_file_name("").join(name);
        if !self.enabled {
            return Ok(WorkloadKeySource::Pinned(KeySet::default()));
        }
        match &self.keys {
            Keys::File(name) => pinned(file, &beside(name), spiffe, digest).map(WorkloadKeySource::Pinned),
            Keys::Discover if spiffe => {
                Err(ConfigError::new(Place::file(file), "a trust bundle that would come from who knows where")
                    .expected("keys = { jwks_file = \"FILE\" } with the trust bundle of the domain")
                    .found("keys = \"discover\"")
                    .remedy("put the bundle there: `spire-server bundle show -format spiffe`"))
            }
            Keys::Discover => {
                let read = |name: &PathBuf| {
                    let path = beside(name);
                    std::fs::read(&path).map_err(|error| unreadable(&path, "PEM certificates", &error))
                };
                let authority = self.ca_file.as_ref().map(read).transpose()?;
                authority.hash(digest);
                let private_networks = self.private_networks.iter().map(|word| word.0).collect();
                Ok(WorkloadKeySource::Discover { authority, private_networks })
            }
        }
    }
}

/// The keys of a file. One that is empty on purpose takes all keys back; one without a usable key is a mistake.
fn pinned(place: &Path, file: &Path, spiffe: bool, digest: &mut DefaultHasher) -> Result<KeySet, ConfigError> {
    let refused = |found: String| {
        ConfigError::new(Place::file(place), "the keys in `jwks_file` cannot be used")
            .expected("the JWK set of the platform (for SPIFFE, its trust bundle) with at least one usable key")
            .found(found)
            .remedy("for Kubernetes: `kubectl get --raw /openid/v1/jwks`")
    };
    let json = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    json.hash(digest);
    let parsed = if spiffe { KeySet::parse_trust_bundle(&json) } else { KeySet::parse(&json) };
    let (keys, ignored) = parsed.map_err(|error| refused(error.to_string()))?;
    match ignored.first() {
        Some(bad) if keys.is_empty() => Err(refused(bad.reason.to_string())),
        _ => Ok(keys),
    }
}
