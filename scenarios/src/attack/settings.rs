//! The policy file: what the target was told about the test issuer or the test clients, and where the target is.

pub(super) mod desk;
mod route;

pub(super) use route::Route;

use super::publisher;
use crate::error::CannotRun;
use bridge_jose::Algorithm;
use bridge_testkit::attacks::{Face, Foreign, Policy, Strictness};
use bridge_types::{ClientId, IssuerUrl, ScopeSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that the policy file says, checked.
#[derive(Debug)]
pub(super) struct Settings {
    /// What is attacked.
    pub(super) face: Face,
    /// What the target was told.
    pub(super) policy: Policy,
    /// Where the test issuer is served, for a target that has to fetch its keys.
    pub(super) publish: Option<Publish>,
    /// The keys of the test clients, where the target has registered them.
    pub(super) keys_file: Option<PathBuf>,
    /// The route that is called.
    pub(super) route: Route,
    /// How closely answers are looked at.
    pub(super) strictness: Strictness,
    /// Who signed the target's certificate, when that is not a public authority.
    pub(super) ca_file: Option<PathBuf>,
    /// Static addresses, like `/etc/hosts`.
    pub(super) hosts: BTreeMap<String, IpAddr>,
    /// How long to wait until the target takes a valid token.
    pub(super) patience: Duration,
}

/// Where the test issuer is served.
#[derive(Debug)]
pub(super) struct Publish {
    /// The address.
    pub(super) listen: SocketAddr,
    /// Its certificate and key, when it speaks TLS itself.
    pub(super) tls: Option<TlsFiles>,
}

/// A certificate and its key, PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsFiles {
    /// The certificate.
    pub(super) certificate_file: PathBuf,
    /// The private key.
    pub(super) key_file: PathBuf,
}

/// What is attacked, as the file says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FaceWord {
    #[default]
    ResourceServer,
    TokenEndpoint,
}

/// As much of the file as says which form the rest has.
#[derive(Debug, Deserialize)]
struct Peek {
    #[serde(default)]
    face: FaceWord,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "face")]
    _face: FaceWord,
    issuer: IssuerTable,
    other_issuer: Option<OtherIssuerTable>,
    client: ClientTable,
    target: TargetTable,
    #[serde(default)]
    hosts: BTreeMap<String, IpAddr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerTable {
    url: IssuerUrl,
    listen: Option<SocketAddr>,
    tls: Option<TlsFiles>,
    #[serde(default)]
    status_list: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherIssuerTable {
    url: IssuerUrl,
    client_id: ClientId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientTable {
    client_id: ClientId,
    scopes: ScopeSet,
    limited_client_id: Option<ClientId>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetTable {
    audience: String,
    route: String,
    required_scope: String,
    algorithms: Vec<Algorithm>,
    strictness: StrictnessWord,
    #[serde(default = "thirty")]
    leeway_seconds: u16,
    max_token_lifetime_seconds: Option<u32>,
    ca_file: Option<PathBuf>,
    #[serde(default = "sixty")]
    patience_seconds: u16,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StrictnessWord {
    Bridge,
    Generic,
}

impl From<StrictnessWord> for Strictness {
    fn from(word: StrictnessWord) -> Self {
        match word {
            StrictnessWord::Bridge => Self::Bridge,
            StrictnessWord::Generic => Self::Generic,
        }
    }
}

fn thirty() -> u16 {
    30
}

fn sixty() -> u16 {
    60
}

impl Settings {
    /// Reads the file. Paths in it are relative to the place where it stands.
    pub(super) fn read(file: &Path) -> Result<Self, CannotRun> {
        let text = std::fs::read_to_string(file).map_err(CannotRun::system(format!("read {}", file.display())))?;
        let beside = file.parent().unwrap_or(Path::new(""));
        let malformed = |error: toml::de::Error| CannotRun::settings(file, error);
        let Peek { face } = toml::from_str(&text).map_err(malformed)?;
        let checked = match face {
            FaceWord::ResourceServer => toml::from_str::<Document>(&text).map_err(malformed)?.check(beside),
            FaceWord::TokenEndpoint => toml::from_str::<desk::Document>(&text).map_err(malformed)?.check(beside),
        };
        checked.map_err(|problem| CannotRun::settings(file, problem))
    }
}

impl Document {
    /// The settings, every path taken from beside the file.
    fn check(self, beside: &Path) -> Result<Settings, String> {
        let policy = self.policy()?;
        let beside = |path: PathBuf| beside.join(path);
        let tls = self.issuer.tls.map(|files| TlsFiles {
            certificate_file: beside(files.certificate_file),
            key_file: beside(files.key_file),
        });
        Ok(Settings {
            face: Face::ResourceServer,
            publish: Some(Publish {
                listen: self.issuer.listen.or_else(|| address_of(&self.issuer.url)).ok_or(LISTEN)?,
                tls,
            }),
            keys_file: None,
            policy,
            route: Route::parse(&self.target.route)?,
            strictness: self.target.strictness.into(),
            ca_file: self.target.ca_file.map(beside),
            hosts: self.hosts,
            patience: Duration::from_secs(self.target.patience_seconds.into()),
        })
    }

    /// What the target was told, if it makes sense.
    fn policy(&self) -> Result<Policy, String> {
        let (target, client) = (&self.target, &self.client);
        if !client.scopes.contains(&target.required_scope) || target.required_scope.len() < 3 {
            let expected = "expected target.required_scope to have 3 characters at least and to be in client.scopes";
            return Err(format!("{expected}, found {:?}", target.required_scope));
        }
        if target.audience.len() < 3 || !target.audience.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("expected visible ASCII in target.audience, found {:?}", target.audience));
        }
        if target.algorithms.is_empty() {
            return Err("expected at least one of ES256, EdDSA, PS256, RS256 in target.algorithms".to_owned());
        }
        let foreign =
            |other: &OtherIssuerTable| Foreign { issuer: other.url.to_string(), client: other.client_id.to_string() };
        Ok(Policy {
            issuer: self.issuer.url.to_string(),
            audience: target.audience.clone(),
            algorithms: target.algorithms.clone(),
            client: client.client_id.to_string(),
            scopes: client.scopes.iter().map(ToString::to_string).collect(),
            limited_client: client.limited_client_id.as_ref().map(ToString::to_string),
            required_scope: target.required_scope.clone(),
            leeway: target.leeway_seconds.into(),
            max_lifetime: target.max_token_lifetime_seconds.map(i64::from),
            status_list: self.issuer.status_list.then(|| publisher::status_list_of(self.issuer.url.as_str())),
            foreign: self.other_issuer.as_ref().map(foreign),
        })
    }
}

const LISTEN: &str = "expected issuer.listen, because issuer.url has no address of its own";

/// The address in a URL that has one in the place of its host.
fn address_of(url: &IssuerUrl) -> Option<SocketAddr> {
    let url = url.to_url();
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    Some(SocketAddr::new(host.parse().ok()?, url.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use bridge_testkit::attacks::Strictness;
    use std::path::Path;

    const EXAMPLE: &str = include_str!("../../attacks/policy.example.toml");

    fn read(text: &str) -> Result<Settings, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("policy.toml");
        std::fs::write(&file, text).unwrap();
        Settings::read(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_the_example() {
        let settings = read(EXAMPLE).unwrap();
        assert_eq!(settings.publish.unwrap().listen.to_string(), "127.0.0.1:9410");
        assert_eq!((settings.route.method.as_str(), settings.route.path.as_str()), ("GET", "/shipments"));
        assert_eq!((settings.strictness, settings.policy.max_lifetime), (Strictness::Bridge, Some(900)));
        assert!(settings.hosts.contains_key("api.company-b.example") && settings.policy.foreign.is_none());
    }

    #[test]
    fn the_commented_parts_of_the_example_are_sound_too() {
        let text = EXAMPLE.replace("\n# [", "\n[").replace("\n# url", "\nurl").replace("\n# client_id", "\nclient_id");
        let text =
            text.replace("\n# limited", "\nlimited").replace("\n# ca_file", "\nca_file").replace("\n# tls", "\ntls");
        let text = text.replace("\n# status_list", "\nstatus_list");
        let settings = read(&text).unwrap();
        assert_eq!(settings.policy.foreign.unwrap().client, "attack-elsewhere");
        assert_eq!(settings.policy.limited_client.as_deref(), Some("attack-limited"));
        assert!(
            settings.policy.status_list.as_deref() == Some("http://127.0.0.1:9410/status/1")
                && settings.ca_file.unwrap().is_absolute()
                && settings.publish.unwrap().tls.unwrap().key_file.ends_with("issuer.key")
        );
    }

    #[test]
    fn says_what_is_wrong() {
        for (right, wrong, complaint) in [
            ("url = \"http://127.0.0.1:9410\"", "url = \"issuer\"", "invalid issuer"),
            ("[client]", "[client]\ncolour = 1", "unknown field `colour`"),
            ("\"GET /shipments\"", "\"shipments\"", "expected target.route"),
            ("\"GET /shipments\"", "\"GET /shipments?a=b\"", "expected target.route"),
            (
                "required_scope = \"shipments:read\"",
                "required_scope = \"orders:read\"",
                "expected target.required_scope",
            ),
            ("algorithms = [\"ES256\"]", "algorithms = []", "expected at least one"),
            ("algorithms = [\"ES256\"]", "algorithms = [\"HS256\"]", "HS256"),
            ("strictness = \"bridge\"", "strictness = \"lax\"", "lax"),
            ("audience = \"https", "audience = \"ä https", "expected visible ASCII"),
            ("listen = \"127.0.0.1:9410\"", "listen = \"here\"", "invalid socket address"),
        ] {
            let text = EXAMPLE.replacen(right, wrong, 1);
            assert_ne!(text, EXAMPLE, "{right}");
            let found = read(&text).unwrap_err();
            assert!(found.contains(complaint) && found.contains("policy.toml"), "{wrong}: {found}");
        }
        let named =
            EXAMPLE.replace("http://127.0.0.1:9410", "https://issuer.example").replace("listen =", "# listen =");
        assert!(read(&named).unwrap_err().contains("expected issuer.listen"));
        assert!(Settings::read(Path::new("/nonexistent")).unwrap_err().to_string().contains("/nonexistent"));
    }
}
