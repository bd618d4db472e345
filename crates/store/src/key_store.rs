use crate::changes::{self, Topic};
use crate::custody;
use crate::keys::{self, Which};
use crate::{Database, StoreError, WriteTransaction};
use async_trait::async_trait;
use bridge_issuer::{Change, ChangeError, KeyRecord, KeyState, KeyStore, LiveKeys, Overtaken, StoreFailure, StoredKey};

#[async_trait]
impl KeyStore for Database {
    async fn live_keys(&self) -> Result<LiveKeys, StoreFailure> {
        Ok(live_keys(self).await?)
    }

    async fn all_keys(&self) -> Result<Vec<KeyRecord>, StoreFailure> {
        let keys = keys::read(&mut *self.read().await?, Which::All).await?;
        Ok(keys.into_iter().map(|key| key.record).collect())
    }

    async fn keys_revision(&self) -> Result<i64, StoreFailure> {
        let mut connection = self.read().await?;
        Ok(changes::revision(&mut connection, Topic::Keys).await?)
    }

    async fn change_keys(&self, change: Change) -> Result<(), ChangeError> {
        let mut transaction = self.write_first().await.map_err(StoreFailure::from)?;
        transaction.change_keys(change).await?;
        transaction.commit().await.map_err(StoreFailure::from)?;
        Ok(())
    }
}

impl WriteTransaction {
    /// Takes steps in the life of the keys of one purpose, as part of this write.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing of the steps was written then, and the rest of the write is as it was.
    pub async fn change_keys(&mut self, change: Change) -> Result<(), ChangeError> {
        Ok(self.take_steps(change).await.map_err(StoreFailure::from)??)
    }

    async fn take_steps(&mut self, change: Change) -> Result<Result<(), Overtaken>, StoreError> {
        let purpose = change.purpose.clone();
        let mut keys = keys::read(self.connection(), Which::Of(&purpose)).await?;
        let before: Vec<(KeyRecord, bool)> =
            keys.iter().map(|key| (key.record.clone(), key.private.is_some())).collect();
        if let Err(overtaken) = change.apply(&mut keys) {
            return Ok(Err(overtaken));
        }
        let known = |key: &StoredKey| before.iter().find(|(record, _)| record.kid() == key.record.kid());
        keys.retain(|key| known(key).is_none_or(|(record, _)| *record != key.record));
        // A key that makes room goes first: the table has room for one active key and one prepared.
        keys.sort_by_key(|key| matches!(key.record.state, KeyState::Active | KeyState::Prepared));
        for key in &keys {
            // Sealed before the key-encryption key was replaced: to be sealed anew.
            if !custody::accepts(self.connection(), key.private.as_ref()).await? {
                return Ok(Err(Overtaken));
            }
        }
        for key in &keys {
            keys::put(self.connection(), key).await?;
        }
        if keys.iter().any(|key| key.private.is_none() && known(key).is_some_and(|(_, private)| *private)) {
            self.mark_erased();
        }
        self.touch(Topic::Keys).await?;
        Ok(Ok(()))
    }
}

/// The keys and their revision in one statement each, of one committed state.
async fn live_keys(database: &Database) -> Result<LiveKeys, StoreError> {
    let mut transaction = database.begin_read().await?;
    let revision = changes::revision(&mut transaction, Topic::Keys).await?;
    let keys = keys::read(&mut transaction, Which::Live).await?;
    Ok(LiveKeys { revision, keys })
}
