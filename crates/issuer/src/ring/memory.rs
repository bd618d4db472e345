use super::change::Change;
use super::record::{KeyRecord, KeyState, StoredKey};
use super::store::{ChangeError, KeyStore, LiveKeys};
use crate::StoreFailure;
use async_trait::async_trait;
use bridge_types::Secret;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys that are forgotten with the process: for tests, and for an issuer that needs no memory.
#[derive(Debug, Default)]
pub struct KeysInMemory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    revision: i64,
    keys: Vec<StoredKey>,
}

impl KeysInMemory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyStore for KeysInMemory {
    async fn live_keys(&self) -> Result<LiveKeys, StoreFailure> {
        let kept = self.kept();
        let live = |key: &&StoredKey| !matches!(key.record.state, KeyState::Destroyed | KeyState::Revoked);
        Ok(LiveKeys { revision: kept.revision, keys: kept.keys.iter().filter(live).map(copy).collect() })
    }

    async fn all_keys(&self) -> Result<Vec<KeyRecord>, StoreFailure> {
        Ok(self.kept().keys.iter().map(|key| key.record.clone()).collect())
    }

    async fn keys_revision(&self) -> Result<i64, StoreFailure> {
        Ok(self.kept().revision)
    }

    async fn change_keys(&self, change: Change) -> Result<(), ChangeError> {
        let mut kept = self.kept();
        let purpose = change.purpose.clone();
        let mut keys = kept.keys.iter().filter(|key| key.record.purpose == purpose).map(copy).collect();
        change.apply(&mut keys)?;
        kept.keys.retain(|key| key.record.purpose != purpose);
        kept.keys.append(&mut keys);
        kept.keys.sort_by_key(|key| key.record.times.prepared_at);
        kept.revision += 1;
        Ok(())
    }
}

fn copy(key: &StoredKey) -> StoredKey {
    let private = key.private.as_ref().map(|private| Secret::new(private.expose().clone()));
    StoredKey { record: key.record.clone(), private }
}
