//! `sidecar.toml`: one strict file. Paths start at its directory, but for what the sidecar makes at each start (socket,
//! caller key, token files), which starts at the runtime directory.

mod file;
mod listen;
mod routes;

pub use listen::Listen;
pub use routes::{Route, RouteInvalid, Routes};

use bridge_client::ApiUrl;
use bridge_client::TokenFile;
use bridge_jose::Algorithm;
use bridge_process::config::{ConfigError, Hosts, Located, Name, TelemetryConfig};
use bridge_types::{Audience, ClientId, IssuerUrl, Network, ScopeSet};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that stands in `sidecar.toml`, read and found good.
#[derive(Debug, Clone)]
pub struct SidecarConfig {
    /// The name in logs.
    pub name: Name,
    /// The section `[issuer]`.
    pub issuer: IssuerSettings,
    /// The section `[client]`.
    pub client: ClientSettings,
    /// The section `[listen]`: where the application calls, and who may.
    pub listen: Located<Listen>,
    /// Where the operations pages listen: plain HTTP, loopback only.
    pub operations: Located<SocketAddr>,
    /// The sections `[partners.NAME]`.
    pub partners: BTreeMap<Name, PartnerSettings>,
    /// The sections `[[token_files]]`.
    pub token_files: Vec<TokenFileSettings>,
    /// The section `[runtime]`.
    pub runtime: RuntimeSettings,
    /// Static addresses of host names, used before any name server.
    pub hosts: Hosts,
    /// The section `[limits]`.
    pub limits: Limits,
    /// The section `[telemetry]`.
    pub telemetry: TelemetryConfig,
}

impl SidecarConfig {
    /// Reads a file.
    ///
    /// Does NOT look at the credential, bind a port or contact anybody.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line, what was expected and what was found.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        file::load(path)
    }
}

/// The own issuer: the only one that is ever asked for a token.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The issuer identifier.
    pub url: IssuerUrl,
    /// PEM: the authority to trust in calls to it, instead of the system's.
    pub ca_file: Option<Located<PathBuf>>,
}

/// The client that this sidecar is at the own issuer.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Its identifier.
    pub client_id: ClientId,
    /// How it proves that.
    pub credential: Located<CredentialSource>,
    /// What a key that is made is made for, and what the key in the file is.
    pub algorithm: Algorithm,
}

/// How the client authenticates at the own issuer. Each kind names a file or a service, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// A private key (PKCS#8, PEM), of which the issuer has the public half. It is read again when the file is replaced.
    KeyFile(PathBuf),
    /// The token that the platform keeps in a file. It is read for each token request; there is no key.
    Platform(TokenFile),
}

impl ClientSettings {
    /// The file of the client's own key.
    ///
    /// # Errors
    /// When the client has none, because its platform gives it tokens.
    pub(crate) fn key_file(&self) -> Result<&Path, ConfigError> {
        match &self.credential.value {
            CredentialSource::KeyFile(path) => Ok(path),
            CredentialSource::Platform(_) => {
                Err(ConfigError::new(self.credential.place.clone(), "a client without a key of its own")
                    .expected("credential = { key_file = \"FILE\" }")
                    .found("the file of the platform's token")
                    .remedy("nothing is to be made or replaced: the platform does that"))
            }
        }
    }
}

/// One partner, as the application may call it.
#[derive(Debug, Clone)]
pub struct PartnerSettings {
    /// Where its API is: the only origin that requests go to.
    pub url: Located<ApiUrl>,
    /// What the tokens are asked for.
    pub audience: Audience,
    /// PEM: the authority to trust in calls to it, instead of the system's.
    pub ca_file: Option<Located<PathBuf>>,
    /// Networks that are not public in which the partner may be, such as that of a VPN.
    pub private_networks: Vec<Network>,
    /// Which scopes the token of a request has.
    pub routes: Routes,
}

/// One file in which a token is kept.
#[derive(Debug, Clone)]
pub struct TokenFileSettings {
    /// For which partner.
    pub partner: Name,
    /// With which scopes.
    pub scopes: ScopeSet,
    /// Where: below the runtime directory, unless the path is absolute.
    pub file: Located<PathBuf>,
}

/// Where the sidecar puts what it makes at each start.
#[derive(Debug, Clone)]
pub struct RuntimeSettings {
    /// The directory; chosen by the environment when absent.
    pub directory: Option<Located<PathBuf>>,
    /// True when it may be on a disk.
    pub on_disk: bool,
}

/// The section `[limits]`.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many connections of applications may be open.
    pub connections: usize,
    /// How long a partner may keep still before its answer begins.
    pub answer_within: Duration,
    /// How long requests that run may take to end after SIGTERM.
    pub drain: Duration,
    /// Bodies of requests up to so many bytes are held, so that they can be sent once more with a new token.
    pub repeatable_body: u64,
    /// How large the body of a request may be, in bytes.
    pub request_body: Option<u64>,
    /// How large the body of an answer may be, in bytes.
    pub response_body: Option<u64>,
    /// How long a body may make no progress.
    pub body_idle: Option<Duration>,
}
