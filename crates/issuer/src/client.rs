use crate::{KeySnapshot, WorkloadBinding};
use bridge_jose::{KeySet, VerificationKey};
use bridge_types::{Audience, ClientId, Invalid, KeyId, ScopeSet};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A registered client of the own company: who it is, which keys it signs its assertions with, and what it may ask for.
#[derive(Debug, Clone)]
pub struct Client {
    id: ClientId,
    keys: ClientKeys,
    access: AccessList,
}

/// Which keys verify the assertions of a client.
#[derive(Debug, Clone)]
pub enum ClientKeys {
    /// Those of the company's own key ring: this company makes, keeps and rotates the key pair.
    Managed,
    /// These: the client runs elsewhere and keeps its private keys there.
    Registered(KeySet),
    /// None of its own: its platform gives it tokens, which are bound to it by their claims.
    Workload(WorkloadBinding),
}

impl From<WorkloadBinding> for ClientKeys {
    fn from(binding: WorkloadBinding) -> Self {
        Self::Workload(binding)
    }
}

impl From<KeySet> for ClientKeys {
    fn from(keys: KeySet) -> Self {
        Self::Registered(keys)
    }
}

impl Client {
    /// A client. Several keys may stand side by side while it changes from one to the next; without any it exists but
    /// cannot authenticate.
    pub fn new(id: ClientId, keys: impl Into<ClientKeys>, access: AccessList) -> Self {
        Self { id, keys: keys.into(), access }
    }

    /// Its `client_id`.
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// Which keys verify its assertions.
    pub fn keys(&self) -> &ClientKeys {
        &self.keys
    }

    /// The key of this id, if it verifies assertions of this client now.
    pub(crate) fn key(&self, kid: &KeyId, ring: &KeySnapshot) -> Option<Arc<VerificationKey>> {
        match &self.keys {
            ClientKeys::Managed => ring.client(&self.id)?.accepted.find(kid).cloned(),
            ClientKeys::Registered(keys) => keys.find(kid).cloned(),
            ClientKeys::Workload(_) => None,
        }
    }

    /// Which tokens of a platform stand for it, if it has no key of its own.
    pub(crate) fn workload(&self) -> Option<&WorkloadBinding> {
        match &self.keys {
            ClientKeys::Workload(binding) => Some(binding),
            ClientKeys::Managed | ClientKeys::Registered(_) => None,
        }
    }

    /// What it may ask for.
    pub fn access(&self) -> &AccessList {
        &self.access
    }
}

/// The audiences that a client may get tokens for, and the scopes it may ask for at each. At least one scope each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessList(BTreeMap<Audience, ScopeSet>);

impl AccessList {
    /// The list of these entries.
    ///
    /// # Errors
    /// When an audience stands there twice, because nobody can say which entry counts, or has no scope.
    pub fn new(entries: impl IntoIterator<Item = (Audience, ScopeSet)>) -> Result<Self, Invalid> {
        let mut list = BTreeMap::new();
        for (audience, scopes) in entries {
            if scopes.is_empty() {
                return Err(Invalid::new("scopes", "at least one scope for each audience", "an empty list"));
            }
            if list.contains_key(&audience) {
                return Err(Invalid::new("access", "each audience once", audience.as_str()));
            }
            list.insert(audience, scopes);
        }
        Ok(Self(list))
    }

    /// The entry whose audience is exactly this text.
    pub fn find(&self, audience: &str) -> Option<(&Audience, &ScopeSet)> {
        self.0.get_key_value(audience)
    }

    /// Every entry, ordered by audience.
    pub fn iter(&self) -> impl Iterator<Item = (&Audience, &ScopeSet)> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for AccessList {
    /// Reads the `[[access]]` tables of `clients/NAME.toml`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Entry {
            audience: Audience,
            scopes: ScopeSet,
        }
        let entries = Vec::<Entry>::deserialize(deserializer)?;
        Self::new(entries.into_iter().map(|entry| (entry.audience, entry.scopes))).map_err(serde::de::Error::custom)
    }
}

/// Every registered client, by `client_id`. The issuer swaps one table for the next as a whole.
#[derive(Debug, Clone, Default)]
pub struct Clients(HashMap<ClientId, Arc<Client>>);

impl Clients {
    /// The table of these clients.
    ///
    /// # Errors
    /// When two have the same `client_id`.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Result<Self, Invalid> {
        let mut table = HashMap::new();
        for client in clients {
            if let Some(first) = table.insert(client.id.clone(), Arc::new(client)) {
                return Err(Invalid::new("clients", "each client id once", first.id.as_str()));
            }
        }
        Ok(Self(table))
    }

    /// The client of exactly this id.
    pub fn find(&self, client_id: &str) -> Option<&Arc<Client>> {
        self.0.get(client_id)
    }

    /// The clients, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.0.values()
    }

    /// How many clients there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no client at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessList, Client, Clients};
    use bridge_jose::KeySet;

    #[test]
    fn refuses_a_client_or_an_audience_given_twice() {
        let client = || Client::new("shop".parse().unwrap(), KeySet::default(), AccessList::default());
        assert!(Clients::new([client(), client()]).is_err());
        assert_eq!(Clients::new([client()]).unwrap().len(), 1);

        let entry = || ("https://api.company-b.example".parse().unwrap(), "orders:read".parse().unwrap());
        assert!(AccessList::new([entry(), entry()]).is_err());
        assert!(AccessList::new([entry()]).is_ok());
    }

    #[test]
    fn refuses_an_audience_without_scopes() {
        let audience = "https://api.company-b.example".parse().unwrap();
        assert!(AccessList::new([(audience, bridge_types::ScopeSet::default())]).is_err());
    }

    #[test]
    fn finds_an_audience_by_its_exact_text_alone() {
        let audience = "https://api.company-b.example".parse().unwrap();
        let list = AccessList::new([(audience, "orders:read".parse().unwrap())]).unwrap();
        assert!(list.find("https://api.company-b.example").is_some());
        for other in ["https://api.company-b.example/", "https://API.company-b.example", "https://api.company-b", ""] {
            assert!(list.find(other).is_none(), "found {other:?}");
        }
    }
}
