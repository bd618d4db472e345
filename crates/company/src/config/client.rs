use super::workload_issuers::{WorkloadIssuerConfig, WorkloadIssuers};
use bridge_client::{PlatformToken, TokenFile};
use bridge_issuer::{
    AccessList, BoundClaims, ClientCredential, ClientFile, WorkloadAuthority, WorkloadLifetime, WorkloadSection,
};
use bridge_jose::KeySet;
use bridge_process::config::{ConfigError, Name, Place, Source, unreadable};
use bridge_types::ClientId;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A client of the OWN issuer: `clients/NAME.toml` and the public keys that the file names.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The stem of the file's name.
    pub name: Name,
    /// The identifier at the own issuer.
    pub client_id: ClientId,
    /// How it authenticates.
    pub keys: ClientKeys,
    /// What it may ask for.
    pub access: AccessList,
    /// Tells one reading from another: a digest of all that the client was read from.
    pub(super) digest: u64,
}

/// Whose key pair a client authenticates with.
#[derive(Debug, Clone)]
pub enum ClientKeys {
    /// One that this company makes and keeps in its own store.
    Managed,
    /// One that is kept elsewhere; these are the public keys.
    Elsewhere(KeySet),
    /// None: its platform gives it tokens.
    Workload(WorkloadClient),
}

/// Which tokens of a platform stand for a client.
#[derive(Debug, Clone)]
pub struct WorkloadClient {
    /// Who makes them.
    pub issuer: Arc<WorkloadIssuerConfig>,
    /// What must stand in them.
    pub claims: BoundClaims,
    /// The longest life that they may have.
    pub max_token_lifetime: Duration,
    /// Where the platform puts the token, when this company itself acts as the client.
    pub token_file: Option<TokenFile>,
}

impl ClientKeys {
    /// How the client authenticates, in the word of its file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Elsewhere(_) => "jwks_file",
            Self::Workload(WorkloadClient { token_file: None, .. }) => "workload",
            Self::Workload(_) => "token_file",
        }
    }
}

impl ClientConfig {
    /// Reads one file, and the key file that it may name from beside it.
    pub(super) fn read(file: &Path, issuers: &WorkloadIssuers) -> Result<Self, ConfigError> {
        let name = stem(file)?;
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, "a TOML file", &error))?;
        let mut digest = DefaultHasher::new();
        text.hash(&mut digest);
        let source = Source::new(file, text);
        let table = source.table()?;
        let place = source.place_of(table.get_ref(), "credential");
        let ClientFile { client_id, credential, workload, access } = source.deserialize(table)?;
        let bound = |token: Option<PathBuf>, digest: &mut DefaultHasher| {
            let section = workload.clone().ok_or_else(|| unbound(&place))?;
            workload_client(&place, section, token, issuers, digest).map(ClientKeys::Workload)
        };
        let keys = match credential {
            ClientCredential::Workload => bound(None, &mut digest)?,
            ClientCredential::TokenFile(token) => bound(Some(file.with_file_name("").join(token)), &mut digest)?,
            _ if workload.is_some() => return Err(two_ways(&place)),
            ClientCredential::Managed => ClientKeys::Managed,
            ClientCredential::JwksFile(beside) => {
                let path = file.with_file_name("").join(beside);
                ClientKeys::Elsewhere(public_keys(&place, &path, &mut digest)?)
            }
        };
        Ok(Self { name, client_id, keys, access, digest: digest.finish() })
    }
}

pub(super) fn stem(file: &Path) -> Result<Name, ConfigError> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Name::try_from(stem.clone().into_owned()).map_err(|_| {
        ConfigError::new(Place::file(file), "a file whose name cannot be a name")
            .expected("1 to 64 lower-case letters, digits and hyphens before .toml")
            .found(format!("\"{stem}\""))
            .remedy("rename it")
    })
}

fn unbound(place: &Place) -> ConfigError {
    ConfigError::new(place.clone(), "a client with the token of its platform, and nothing that binds the token to it")
        .expected("a section [workload] with issuer and claims")
        .found("none")
        .remedy("add it: without it every process of the platform would be this client")
}

fn two_ways(place: &Place) -> ConfigError {
    ConfigError::new(place.clone(), "two ways to authenticate")
        .expected("[workload] with credential = \"workload\" or { token_file = \"FILE\" } alone")
        .found("[workload] beside another credential")
        .remedy("remove one of the two")
}

/// Resolves the name of the workload issuer, and sees to it that the claims leave one workload only.
fn workload_client(
    place: &Place,
    section: WorkloadSection,
    token: Option<PathBuf>,
    issuers: &WorkloadIssuers,
    digest: &mut DefaultHasher,
) -> Result<WorkloadClient, ConfigError> {
    let issuer = issuers.find(&section.issuer).ok_or_else(|| {
        ConfigError::new(place.clone(), "names a workload issuer that is not there")
            .expected(match Name::try_from(section.issuer.clone()) {
                Ok(name) => format!("workload-issuers/{name}.toml"),
                Err(_) => "the name of a file in workload-issuers, without .toml".to_owned(),
            })
            .found("no such file, or one that is not accepted")
            .remedy("add that file, or correct `issuer` in [workload]")
    })?;
    issuer.digest.hash(digest);
    let claims = BoundClaims::new(&issuer.authority, section.claims).map_err(|invalid| {
        ConfigError::new(place.clone(), "[workload.claims] does not bind the client to one workload")
            .expected(invalid.expected())
            .found(invalid.found())
            .remedy("bind the claims that are named here: the platform makes them, and never gives them to another")
    })?;
    let kind = match issuer.authority {
        WorkloadAuthority::Issuer(..) => PlatformToken::Jwt,
        WorkloadAuthority::TrustDomain(_) => PlatformToken::JwtSvid,
    };
    Ok(WorkloadClient {
        issuer: Arc::clone(issuer),
        claims,
        max_token_lifetime: section.max_token_lifetime.map_or(issuer.max_token_lifetime, WorkloadLifetime::duration),
        token_file: token.map(|path| TokenFile::new(path, kind)),
    })
}

/// The keys of a client elsewhere. A key that cannot be used is a mistake here, because this file is the company's own.
fn public_keys(place: &Place, file: &Path, digest: &mut DefaultHasher) -> Result<KeySet, ConfigError> {
    let refused = |found: String| {
        ConfigError::new(place.clone(), "the keys in the file that is named here cannot be used")
            .expected("a JWK set with at least one public key, and nothing else in it")
            .found(found)
            .remedy("ask the owner of the client for the public half of its keys, each with kid and alg")
    };
    let json = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    json.hash(digest);
    let (keys, ignored) = KeySet::parse(&json).map_err(|error| refused(error.to_string()))?;
    match ignored.first() {
        Some(bad) => Err(refused(bad.reason.to_string())),
        None if keys.is_empty() => Err(refused("no key".to_owned())),
        None => Ok(keys),
    }
}
