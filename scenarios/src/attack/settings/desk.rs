//! The policy file for a token endpoint: whose it is, and which clients of ours are registered there.

use super::{FaceWord, Route, Settings, StrictnessWord, sixty, thirty};
use crate::error::CannotRun;
use bridge_jose::{Algorithm, PublicJwk, jwks_json};
use bridge_testkit::attacks::{Face, Policy, vectors};
use bridge_types::{ClientId, IssuerUrl, ScopeSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "face")]
    _face: FaceWord,
    issuer: IssuerTable,
    client: ClientTable,
    target: TargetTable,
    #[serde(default)]
    hosts: BTreeMap<String, IpAddr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerTable {
    url: IssuerUrl,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientTable {
    client_id: ClientId,
    keys_file: PathBuf,
    scopes: ScopeSet,
    other_client_id: Option<ClientId>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetTable {
    resource: String,
    endpoint: String,
    scope: String,
    algorithms: Vec<Algorithm>,
    strictness: StrictnessWord,
    #[serde(default = "thirty")]
    leeway_seconds: u16,
    max_assertion_lifetime_seconds: Option<u32>,
    ca_file: Option<PathBuf>,
    #[serde(default = "sixty")]
    patience_seconds: u16,
}

impl Document {
    pub(super) fn check(self, beside: &Path) -> Result<Settings, String> {
        let (target, client) = (self.target, self.client);
        if !client.scopes.contains(&target.scope) || target.scope.len() < 3 {
            let expected = "expected target.scope to have 3 characters at least and to be in client.scopes";
            return Err(format!("{expected}, found {:?}", target.scope));
        }
        if target.algorithms.is_empty() {
            return Err("expected at least one of ES256, EdDSA, PS256, RS256 in target.algorithms".to_owned());
        }
        Ok(Settings {
            face: Face::TokenEndpoint,
            publish: None,
            keys_file: Some(beside.join(client.keys_file)),
            route: Route::parse(&format!("POST {}", target.endpoint))
                .map_err(|_| format!("expected target.endpoint like \"/token\", found {:?}", target.endpoint))?,
            strictness: target.strictness.into(),
            ca_file: target.ca_file.map(|path| beside.join(path)),
            hosts: self.hosts,
            patience: Duration::from_secs(target.patience_seconds.into()),
            policy: Policy {
                issuer: self.issuer.url.to_string(),
                audience: target.resource,
                algorithms: target.algorithms,
                client: client.client_id.to_string(),
                scopes: client.scopes.iter().map(ToString::to_string).collect(),
                limited_client: client.other_client_id.map(|id| id.to_string()),
                required_scope: target.scope,
                leeway: target.leeway_seconds.into(),
                max_lifetime: target.max_assertion_lifetime_seconds.map(i64::from),
                status_list: None,
                foreign: None,
            },
        })
    }
}

/// The keys of the test clients. The first time they are made, and there is nothing to attack yet: their public halves have
/// to be registered at the target.
pub(in crate::attack) fn keys(file: &Path, policy: &Policy) -> Result<vectors::Keys, CannotRun> {
    match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| CannotRun::settings(file, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(make(file, policy)?),
        Err(error) => Err(CannotRun::system(format!("read {}", file.display()))(error)),
    }
}

fn make(file: &Path, policy: &Policy) -> Result<CannotRun, CannotRun> {
    let keys = vectors::new_keys();
    let text = serde_json::to_string_pretty(&keys).map_err(|error| CannotRun::Tester(error.to_string()))?;
    let broken = || CannotRun::system(format!("write {}", file.display()));
    let mut private = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(broken())?;
    private.write_all(text.as_bytes()).map_err(broken())?;
    let rings: Vec<_> = policy.algorithms.iter().map(|algorithm| vectors::ring(&keys, *algorithm)).collect();
    let own = publish(file, &policy.client, rings.iter().map(|ring| ring.current.public()))?;
    let mut public = vec![own.display().to_string()];
    if let Some(other) = &policy.limited_client {
        let other = publish(file, other, rings.iter().map(|ring| ring.foreign.public()))?;
        public.push(other.display().to_string());
    }
    let public = public.join(" and ");
    Ok(CannotRun::Request(format!("keys were made: register {public} at the target, and run the attack again")))
}

/// Writes the public keys of a client beside its private ones.
fn publish<'k>(file: &Path, client: &str, keys: impl Iterator<Item = &'k PublicJwk>) -> Result<PathBuf, CannotRun> {
    let path = file.with_file_name(format!("{client}.jwks.json"));
    std::fs::write(&path, jwks_json(keys)).map_err(CannotRun::system(format!("write {}", path.display())))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::keys;
    use bridge_testkit::attacks::{Face, Strictness};
    use std::os::unix::fs::PermissionsExt;

    const EXAMPLE: &str = include_str!("../../../attacks/policy.token-endpoint.example.toml");

    fn read(text: &str) -> Result<Settings, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("policy.toml");
        std::fs::write(&file, text).unwrap();
        Settings::read(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_the_example() {
        let settings = read(EXAMPLE).unwrap();
        assert_eq!((settings.face, settings.strictness), (Face::TokenEndpoint, Strictness::Bridge));
        assert_eq!((settings.route.method.as_str(), settings.route.path.as_str()), ("POST", "/token"));
        assert_eq!(settings.policy.limited_client.as_deref(), Some("attack-other"));
        assert!(settings.publish.is_none() && settings.keys_file.unwrap().ends_with("attack.keys.json"));
    }

    #[test]
    fn says_what_is_wrong() {
        for (right, wrong, complaint) in [
            ("endpoint = \"/token\"", "endpoint = \"token\"", "expected target.endpoint"),
            ("scope = \"shipments:read\"", "scope = \"orders:read\"", "expected target.scope"),
            ("algorithms = [\"ES256\"]", "algorithms = []", "expected at least one"),
            ("[client]", "[client]\nlisten = 1", "unknown field `listen`"),
            ("face = \"token-endpoint\"", "face = \"desk\"", "desk"),
        ] {
            let text = EXAMPLE.replacen(right, wrong, 1);
            assert_ne!(text, EXAMPLE, "{right}");
            let found = read(&text).unwrap_err();
            assert!(found.contains(complaint), "{wrong}: {found}");
        }
    }

    #[test]
    fn keys_are_made_once_for_their_owner_alone_and_then_used() {
        let directory = tempfile::tempdir().unwrap();
        let (file, policy) = (directory.path().join("attack.keys.json"), read(EXAMPLE).unwrap().policy);
        let made = keys(&file, &policy).unwrap_err().to_string();
        assert!(made.contains("attack.jwks.json") && made.contains("attack-other.jwks.json"), "{made}");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let public = std::fs::read_to_string(directory.path().join("attack.jwks.json")).unwrap();
        assert!(public.contains("\"x\"") && !public.contains("\"d\""), "{public}");
        assert!(keys(&file, &policy).is_ok());
        std::fs::write(&file, "{").unwrap();
        assert!(keys(&file, &policy).is_err());
    }
}
