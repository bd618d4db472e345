use super::record::{KeyPurpose, KeyRecord, KeyState, StoredKey};
use super::store::LiveKeys;
use super::{KeyRingError, log};
use crate::discovery::Document;
use crate::embedded_keys::prepare;
use bridge_jose::{KeySet, PublicJwk, SigningKey};
use bridge_types::{ClientId, Secret};
use std::collections::HashMap;
use std::sync::Arc;

/// The keys at one revision: what signs, what is published, what authenticates a client. It never changes.
#[derive(Debug)]
pub struct KeySnapshot {
    revision: i64,
    keys: Vec<KeyRecord>,
    signing: Option<PublicJwk>,
    clients: HashMap<ClientId, Arc<ClientKeys>>,
    pub(crate) jwks: Document,
}

/// The keys of one managed client.
#[derive(Debug)]
pub(crate) struct ClientKeys {
    /// Those that verify its assertions.
    pub(crate) accepted: KeySet,
    /// The one that makes them.
    pub(super) signing: Option<SigningKey>,
}

/// The key that signs for the issuer, with what the store keeps of its private half.
type Signing = Option<(PublicJwk, Option<Secret<Vec<u8>>>)>;

impl KeySnapshot {
    /// Takes the private halves out: of the issuer's active key for the backend, of the clients' for themselves. What
    /// was prepared before for the same key is used again.
    pub(super) fn of(live: LiveKeys, before: &Self) -> Result<(Self, Signing), KeyRingError> {
        let LiveKeys { revision, keys } = live;
        let (mut records, mut signing, mut client_signing) = (Vec::new(), None, HashMap::new());
        for StoredKey { record, private } in keys {
            if record.state == KeyState::Active {
                match &record.purpose {
                    KeyPurpose::AccessTokens => signing = Some((record.public.clone(), private)),
                    KeyPurpose::Client(client) => {
                        let key = before.kept(client, &record).or_else(|| usable(&record, private));
                        client_signing.extend(key.map(|key| (client.clone(), key)));
                    }
                }
            }
            records.push(record);
        }
        let next = Self {
            revision,
            signing: signing.as_ref().map(|(public, _)| public.clone()),
            clients: clients(&records, client_signing)?,
            jwks: Document::keys(published(&records).map(|key| &key.public)),
            keys: records,
        };
        Ok((next, signing))
    }

    /// Which state of the store this is.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The keys that are neither destroyed nor revoked, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &KeyRecord> {
        self.keys.iter()
    }

    /// The keys of one purpose, oldest first.
    pub fn of_purpose(&self, purpose: &KeyPurpose) -> impl Iterator<Item = &KeyRecord> {
        self.keys.iter().filter(move |key| key.purpose == *purpose)
    }

    /// The key that signs for a purpose.
    pub fn active(&self, purpose: &KeyPurpose) -> Option<&KeyRecord> {
        self.of_purpose(purpose).find(|key| key.state == KeyState::Active)
    }

    /// The key that signs for the issuer.
    pub fn signing(&self) -> Option<&PublicJwk> {
        self.signing.as_ref()
    }

    /// The keys that the issuer publishes, oldest first.
    pub fn published(&self) -> impl Iterator<Item = &KeyRecord> {
        published(&self.keys)
    }

    pub(crate) fn client(&self, client: &ClientId) -> Option<&Arc<ClientKeys>> {
        self.clients.get(client)
    }

    fn kept(&self, client: &ClientId, record: &KeyRecord) -> Option<SigningKey> {
        let signing = self.clients.get(client)?.signing.as_ref()?;
        (signing.public() == &record.public).then(|| signing.clone())
    }
}

impl Default for KeySnapshot {
    fn default() -> Self {
        let (revision, keys, signing, clients) = (0, Vec::new(), None, HashMap::new());
        Self { revision, keys, signing, clients, jwks: Document::keys([]) }
    }
}

fn published(keys: &[KeyRecord]) -> impl Iterator<Item = &KeyRecord> {
    keys.iter().filter(|key| key.purpose == KeyPurpose::AccessTokens && key.state.is_published())
}

/// A client whose key cannot be used is logged and cannot sign; the others can.
fn usable(record: &KeyRecord, private: Option<Secret<Vec<u8>>>) -> Option<SigningKey> {
    let prepared = prepare(&record.public, private);
    prepared.map_err(|trouble| log::unusable(&record.purpose, record.kid(), &trouble)).ok()
}

fn clients(
    keys: &[KeyRecord],
    mut signing: HashMap<ClientId, SigningKey>,
) -> Result<HashMap<ClientId, Arc<ClientKeys>>, KeyRingError> {
    let mut accepted: HashMap<ClientId, Vec<&PublicJwk>> = HashMap::new();
    for key in keys {
        if let KeyPurpose::Client(client) = &key.purpose {
            let of_client = accepted.entry(client.clone()).or_default();
            of_client.extend(key.state.authenticates().then_some(&key.public));
        }
    }
    let prepare = |(client, keys): (ClientId, Vec<&PublicJwk>)| {
        let accepted = KeySet::from_jwks(keys);
        let accepted = accepted.map_err(|reason| KeyRingError::Unusable { client: client.clone(), reason })?;
        let signing = signing.remove(&client);
        Ok((client, Arc::new(ClientKeys { accepted, signing })))
    };
    accepted.into_iter().map(prepare).collect()
}
