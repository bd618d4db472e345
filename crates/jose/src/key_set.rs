use crate::error::KeyError;
use crate::strict_json::{StrictJsonError, parse_strict};
use crate::{PublicJwk, VerificationKey};
use bridge_types::KeyId;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// More keys than any issuer needs; each costs memory and, when RSA, time to prepare.
const MAX_KEYS: usize = 100;

/// The public keys of ONE issuer or client by `kid`, each ready to verify (RFC 7517 §5).
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: HashMap<KeyId, Arc<VerificationKey>>,
}

/// A key of a published set that is not used, and why. One bad key does not spoil the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredKey {
    /// Its `kid`, when it has a readable one.
    pub kid: Option<KeyId>,
    /// What is wrong with it.
    pub reason: KeyError,
}

/// Why a document is not a JWK set at all.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// Not one strict JSON object.
    #[error("not a JWK set: {0}")]
    Json(#[from] StrictJsonError),
    /// `keys` is absent or not a list of objects.
    #[error("not a JWK set: expected a member \"keys\" with a list of objects")]
    Form,
    /// More keys than are accepted.
    #[error("JWK set too large: expected at most 100 keys, found {0}")]
    TooMany(usize),
}

impl KeySet {
    /// Reads a JWK set key by key. Keys that cannot be used are left out and reported.
    ///
    /// Where two different keys have the same `kid`, neither is used: which of them a token means cannot be known. The
    /// same key given twice is used once.
    ///
    /// # Errors
    /// When the document is not a JWK set. An empty set is one: it says that no key is valid any more.
    pub fn parse(json: &[u8]) -> Result<(Self, Vec<IgnoredKey>), KeySetError> {
        Self::of(parse_strict(json)?.map_err(|_| KeySetError::Form)?)
    }

    fn of(document: Document) -> Result<(Self, Vec<IgnoredKey>), KeySetError> {
        if document.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany(document.keys.len()));
        }
        let mut ignored = Vec::new();
        let mut jwks: HashMap<KeyId, Option<PublicJwk>> = HashMap::new();
        for object in document.keys {
            let kid = object.get("kid").and_then(Value::as_str).and_then(|kid| kid.parse().ok());
            match PublicJwk::from_object(object) {
                Ok(jwk) => keep(&mut jwks, &mut ignored, jwk),
                Err(reason) => ignored.push(IgnoredKey { kid, reason }),
            }
        }
        let mut set = Self::default();
        for jwk in jwks.into_values().flatten() {
            match VerificationKey::try_from(&jwk) {
                Ok(key) => drop(set.keys.insert(key.kid().clone(), Arc::new(key))),
                Err(reason) => ignored.push(IgnoredKey { kid: Some(jwk.kid().clone()), reason }),
            }
        }
        Ok((set, ignored))
    }

    /// Reads the keys for JWT-SVIDs out of a SPIFFE trust bundle (SPIFFE Trust Domain and Bundle §4): those with `use`
    /// `jwt-svid`. The others there are for certificates, and left out without a word.
    ///
    /// # Errors
    /// Those of [`KeySet::parse`].
    pub fn parse_trust_bundle(json: &[u8]) -> Result<(Self, Vec<IgnoredKey>), KeySetError> {
        let mut document: Document = parse_strict(json)?.map_err(|_| KeySetError::Form)?;
        document.keys.retain(|key| key.get("use").and_then(Value::as_str) == Some("jwt-svid"));
        for key in &mut document.keys {
            key.insert("use".to_owned(), "sig".into());
        }
        Self::of(document)
    }

    /// The set of some keys that are already known to be good.
    ///
    /// # Errors
    /// When the material of a key is not valid.
    pub fn from_jwks<'k>(jwks: impl IntoIterator<Item = &'k PublicJwk>) -> Result<Self, KeyError> {
        let prepare = |jwk| VerificationKey::try_from(jwk).map(|key| (key.kid().clone(), Arc::new(key)));
        Ok(Self { keys: jwks.into_iter().map(prepare).collect::<Result<_, _>>()? })
    }

    /// The key with exactly this `kid`.
    pub fn find(&self, kid: &KeyId) -> Option<&Arc<VerificationKey>> {
        self.keys.get(kid)
    }

    /// How many keys can verify.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True when no key can verify.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key ids, in no particular order.
    pub fn kids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    /// The keys, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<VerificationKey>> {
        self.keys.values()
    }
}

/// Notes a key under its id; a `None` marks an id that two different keys claimed.
fn keep(jwks: &mut HashMap<KeyId, Option<PublicJwk>>, ignored: &mut Vec<IgnoredKey>, jwk: PublicJwk) {
    match jwks.entry(jwk.kid().clone()) {
        Entry::Vacant(entry) => drop(entry.insert(Some(jwk))),
        Entry::Occupied(mut entry) => {
            let kid = Some(jwk.kid().clone());
            ignored.push(IgnoredKey { kid: kid.clone(), reason: KeyError::Duplicate });
            if entry.get().as_ref().is_some_and(|first| *first != jwk) {
                entry.insert(None);
                ignored.push(IgnoredKey { kid, reason: KeyError::Duplicate });
            }
        }
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Map<String, Value>>,
}
