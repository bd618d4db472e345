//! A platform like Kubernetes: it gives the pod of a company a token in a file, and replaces it as the kubelet does.

use super::toml_file;
use crate::error::CannotRun;
use crate::side::Side;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{Algorithm, SigningKey, jwks_json};
use bridge_types::TokenId;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use toml::Table;

/// The client that runs on the platform and has no key of its own.
pub(crate) const POD: &str = "pod";

/// The uid of its service account.
pub(crate) const UID: &str = "b0f6cf8e-6b21-4d0e-9a3e-0f5d8a0a2f1c";

/// What the platform calls itself. Nobody listens there: its keys are given to the companies as a file.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// The file with its keys, beside the one that describes it.
const KEYS_FILE: &str = "cluster.jwks.json";

/// The platform of one run.
#[derive(Debug)]
pub(crate) struct Platform {
    key: SigningKey,
}

/// A token as the platform gives it, before one thing about it is changed.
#[derive(Debug, Clone)]
pub(crate) struct PodToken {
    /// The `aud`.
    pub(crate) audience: String,
    /// The uid of the service account.
    pub(crate) uid: String,
    /// The end, in seconds from now.
    pub(crate) expires: i64,
}

impl Platform {
    /// A platform with a new key.
    pub(crate) fn new() -> Result<Self, CannotRun> {
        let key = SigningKey::generate(Algorithm::Es256);
        Ok(Self { key: key.map_err(|error| CannotRun::Tester(error.to_string()))? })
    }

    /// Describes the platform to a company, and binds its tokens to the client.
    pub(crate) fn write(&self, config: &Path, access: Table, token: &Path) -> Result<(), CannotRun> {
        let issuers = config.join("workload-issuers");
        fs::create_dir_all(&issuers).map_err(CannotRun::system(format!("make {}", issuers.display())))?;
        toml_file::replace(&issuers.join(KEYS_FILE), &jwks_json([self.key.public()]))?;
        let cluster = format!(
            "platform = \"kubernetes\"\nissuer = \"{ISSUER}\"\nkeys = {{ jwks_file = \"{KEYS_FILE}\" }}\nalgorithms = [\"ES256\"]\n"
        );
        toml_file::replace(&issuers.join("cluster.toml"), &cluster)?;
        let pod = format!(
            "client_id = \"{POD}\"\ncredential = {{ token_file = \"{}\" }}\n[workload]\nissuer = \"cluster\"\n\
             max_token_lifetime = \"10m\"\n[workload.claims]\n\"/kubernetes.io/namespace\" = \"prod\"\n\
             \"/kubernetes.io/serviceaccount/name\" = \"orders\"\n\"/kubernetes.io/serviceaccount/uid\" = \"{UID}\"\n",
            token.display()
        );
        let file = config.join("clients").join(format!("{POD}.toml"));
        let mut pod: Table =
            pod.parse().map_err(|error: toml::de::Error| CannotRun::settings(&file, error.message()))?;
        pod.insert("access".to_owned(), toml::Value::Array(vec![access.into()]));
        toml_file::write(&file, &pod)
    }

    /// Puts a new token in the place of the one before, as the kubelet does (its `AtomicWriter`): a new directory, and a
    /// link to it that is renamed over the old one, so that whoever opens the file sees one token or the other.
    pub(crate) fn project(&self, volume: &Path, token: &PodToken, now: Timestamp) -> Result<(), CannotRun> {
        let failed = || CannotRun::system(format!("write a token below {}", volume.display()));
        let payload = volume.join(format!("..{}", TokenId::random().as_str()));
        fs::create_dir_all(&payload).map_err(failed())?;
        fs::write(payload.join("token"), self.sign(token, now)?).map_err(failed())?;
        let (data, beside) = (volume.join("..data"), volume.join("..data_tmp"));
        let before = fs::read_link(&data).ok();
        symlink(payload.file_name().unwrap_or_default(), &beside).map_err(failed())?;
        fs::rename(&beside, &data).map_err(failed())?;
        match before {
            Some(before) => fs::remove_dir_all(volume.join(before)).map_err(failed()),
            None => symlink("..data/token", volume.join("token")).map_err(failed()),
        }
    }

    fn sign(&self, token: &PodToken, now: Timestamp) -> Result<String, CannotRun> {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let now = now.as_second();
        let header = json!({"alg": self.key.algorithm().as_str(), "kid": self.key.kid().as_str()});
        let claims = json!({
            "iss": ISSUER, "sub": "system:serviceaccount:prod:orders", "aud": [token.audience],
            "iat": now, "nbf": now, "exp": now + token.expires, "jti": TokenId::random().as_str(),
            "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "orders", "uid": token.uid}},
        });
        let input = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(input.as_bytes()).map_err(|error| CannotRun::Tester(error.to_string()))?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Where the volume of a company's pod is mounted, below the directory of the run.
pub(crate) fn volume(root: &Path, side: Side) -> PathBuf {
    root.join(format!("{}-pod", side.name()))
}
