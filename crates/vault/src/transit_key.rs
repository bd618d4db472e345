use crate::VaultPath;
use crate::error::VaultError;
use bridge_jose::{Algorithm, PublicJwk};
use bridge_types::Invalid;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The name of a key in the transit engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TransitKeyName(VaultPath);

impl TransitKeyName {
    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for TransitKeyName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refused = |_| Invalid::new("name of a transit key", "letters, digits and -_.", text);
        let name: VaultPath = text.parse().map_err(refused)?;
        // A dot at either end is refused by OpenBao.
        if text.contains('/') || text.starts_with(['.', '-']) || text.ends_with(['.', '-']) {
            return Err(refused(Invalid::new("", "", "")));
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for TransitKeyName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl fmt::Display for TransitKeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One version of a signing key in the transit engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitKey {
    /// Its name.
    pub name: TransitKeyName,
    /// Its version: what must stand in every request to sign, because OpenBao signs with the newest otherwise.
    pub version: u32,
    /// Its public half.
    pub public: PublicJwk,
}

/// What transit calls the keys of an algorithm.
pub(crate) fn transit_type(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "ecdsa-p256",
        Algorithm::EdDsa => "ed25519",
        Algorithm::Ps256 | Algorithm::Rs256 => "rsa-2048",
    }
}

/// What OpenBao tells of a signing key.
#[derive(Deserialize)]
pub(crate) struct Description {
    name: String,
    r#type: String,
    exportable: bool,
    allow_plaintext_backup: bool,
    derived: bool,
    latest_version: u32,
    keys: BTreeMap<u32, Version>,
}

#[derive(Deserialize)]
struct Version {
    public_key: String,
}

impl Description {
    /// The newest version, when this is a key for that algorithm that cannot leave OpenBao.
    pub(crate) fn newest(
        self,
        operation: &'static str,
        name: &TransitKeyName,
        algorithm: Algorithm,
    ) -> Result<TransitKey, VaultError> {
        let unexpected = |expected, found: String| VaultError::unexpected(operation, expected, found);
        if self.name != name.as_str() {
            return Err(unexpected("the key that was asked for", format!("another name than {name}")));
        }
        if self.r#type != transit_type(algorithm) || self.derived {
            return Err(unexpected(transit_type(algorithm), format!("{name} of another type")));
        }
        if self.exportable || self.allow_plaintext_backup {
            return Err(unexpected("a key that cannot leave OpenBao", format!("{name}, which may be exported")));
        }
        let version = self.latest_version;
        let newest = self.keys.get(&version);
        let newest = newest.ok_or_else(|| unexpected("the public half of the newest version", "none".to_owned()))?;
        let public = public_key(algorithm, &newest.public_key)
            .map_err(|error| unexpected("a public key", format!("one that cannot be used: {error}")))?;
        Ok(TransitKey { name: name.clone(), version, public })
    }
}

/// Transit gives Ed25519 keys as their 32 bytes, the others as PEM.
fn public_key(algorithm: Algorithm, text: &str) -> Result<PublicJwk, bridge_jose::KeyError> {
    use base64::Engine;
    match algorithm {
        Algorithm::EdDsa => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text);
            PublicJwk::from_ed25519(&bytes.map_err(|_| bridge_jose::KeyError::Material)?)
        }
        Algorithm::Es256 | Algorithm::Ps256 | Algorithm::Rs256 => PublicJwk::from_public_key_pem(algorithm, text),
    }
}

#[cfg(test)]
mod tests {
    use super::TransitKeyName;

    #[test]
    fn a_name_is_one_part_of_a_path() {
        for text in ["", "a/b", ".a", "a.", "-a", "a-", "a b", "..", "a*"] {
            assert!(text.parse::<TransitKeyName>().is_err(), "accepted {text:?}");
        }
        assert!("company-a.access-tokens.es256.0190a5b0".parse::<TransitKeyName>().is_ok());
    }
}
