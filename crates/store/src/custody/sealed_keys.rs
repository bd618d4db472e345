use super::error::CustodyError;
use super::kek::{Kek, KekId};
use super::kek_file::KekFile;
use super::rows;
use crate::{Database, StoreError};
use async_trait::async_trait;
use bridge_issuer::{
    Change, ChangeError, KeyPurpose, KeyRecord, KeyStore, LiveKeys, NewKey, Replacement, Step, StoreFailure,
};
use bridge_jose::PublicJwk;
use bridge_types::Secret;

/// The keys of a company in its database, their private halves sealed under a key-encryption key that is not in it.
///
/// What is listed, published and verified with needs no key-encryption key. Reading private halves does, and making new
/// ones. It protects a copy of the database, such as a backup; whoever can read the file of the key-encryption key and
/// the database has the keys.
#[derive(Debug, Clone)]
pub struct SealedKeys {
    database: Database,
    keks: KekFile,
}

/// What was sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resealed {
    /// Under which key-encryption key.
    pub kek: KekId,
    /// How many private halves.
    pub rows: usize,
}

impl SealedKeys {
    /// The keys of this database. Nothing is read yet.
    pub fn new(database: Database, keks: KekFile) -> Self {
        Self { database, keks }
    }

    /// Sees to it that the keys are sealed and can be opened: makes the key-encryption key when there is none and nothing
    /// was ever sealed, and seals what is not sealed yet. Once at the start, before the keys are read.
    ///
    /// # Errors
    /// [`CustodyError`], which says what to do.
    pub async fn adopt(&self) -> Result<Option<Resealed>, CustodyError> {
        let recorded = self.recorded().await?;
        let mut keks = self.keks.read().await?;
        if let Some(expected) = recorded {
            return self.find(&keks, expected).map(|_| None);
        }
        if keks.is_empty() {
            if !self.keks.is_ours() {
                return Err(CustodyError::NotProvided { path: self.keks.path().to_owned() });
            }
            self.keks.make(&self.keks.line(&Kek::generate()?).await?)?;
            keks = self.keks.read().await?;
        }
        let missing = || CustodyError::NotProvided { path: self.keks.path().to_owned() };
        let newest = keks.first().ok_or_else(missing)?;
        let mut write = self.database.write_first().await?;
        // Another process may have been faster, also with another file.
        if let Some(expected) = rows::recorded(write.connection()).await? {
            return self.find(&keks, expected).map(|_| None);
        }
        let rows = rows::reseal(&mut write, &keks, newest).await?;
        write.commit().await?;
        Ok(Some(Resealed { kek: newest.id(), rows }))
    }

    /// Seals every private half under the newest key-encryption key, with `fresh` under a new one, which is put into its
    /// file first and left there alone in the end. Whenever it is interrupted, every key can be opened, and it may be run
    /// again. Works beside a company that serves.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn rewrap(&self, fresh: bool) -> Result<Resealed, CustodyError> {
        let new = if fresh { Some(Kek::generate()?) } else { None };
        let line = match &new {
            Some(new) => Some(self.keks.line(new).await?),
            None => None,
        };
        let mut keks = self.keks.read().await?;
        let mut write = self.database.write_first().await?;
        if let Some(expected) = rows::recorded(write.connection()).await? {
            self.find(&keks, expected)?;
        }
        // In the turn of this write, so that two of them do not undo each other's line.
        if let (Some(new), Some(line)) = (new, line) {
            self.keks.prepend(&line)?;
            keks.insert(0, new);
        }
        let missing = || CustodyError::NotProvided { path: self.keks.path().to_owned() };
        let newest = keks.first().ok_or_else(missing)?;
        let rows = rows::reseal(&mut write, &keks, newest).await?;
        write.commit().await?;
        if fresh {
            self.forget_others(newest.id()).await?;
        }
        Ok(Resealed { kek: newest.id(), rows })
    }

    /// A new key as it may be written: its private half sealed. What was never sealed is sealed at the next start.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn seal(&self, purpose: &KeyPurpose, mut key: NewKey) -> Result<NewKey, CustodyError> {
        if let Some(private) = &key.private {
            let sealed = match self.try_seal(purpose, &key.public, private).await {
                // The key-encryption key may have been replaced between two looks.
                Err(CustodyError::Wrong { .. }) => self.try_seal(purpose, &key.public, private).await,
                sealed => sealed,
            };
            key.private = sealed?.or(key.private);
        }
        Ok(key)
    }

    async fn try_seal(
        &self,
        purpose: &KeyPurpose,
        public: &PublicJwk,
        private: &Secret<Vec<u8>>,
    ) -> Result<Option<Secret<Vec<u8>>>, CustodyError> {
        let Some(expected) = self.recorded().await? else { return Ok(None) };
        let keks = self.keks.read().await?;
        self.find(&keks, expected)?.seal(public, purpose, private).map(Some)
    }

    /// Under which key-encryption key the keys are sealed; `None` before the first start that seals.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recorded(&self) -> Result<Option<KekId>, StoreError> {
        rows::recorded(&mut *self.database.read().await?).await
    }

    /// The others have opened their last row, unless another process has gone on meanwhile.
    async fn forget_others(&self, kek: KekId) -> Result<(), CustodyError> {
        let mut write = self.database.write_first().await?;
        if rows::recorded(write.connection()).await? == Some(kek) {
            self.keks.keep_first()?;
        }
        Ok(write.commit().await?)
    }

    fn find<'k>(&self, keks: &'k [Kek], expected: KekId) -> Result<&'k Kek, CustodyError> {
        let path = || self.keks.path().to_owned();
        if keks.is_empty() {
            return Err(CustodyError::Missing { path: path(), expected });
        }
        let wrong = || {
            let found = keks.iter().map(|kek| kek.id().to_string()).collect::<Vec<_>>().join(", ");
            CustodyError::Wrong { path: path(), expected, found }
        };
        keks.iter().find(|kek| kek.id() == expected).ok_or_else(wrong)
    }

    async fn seal_step(&self, purpose: &KeyPurpose, step: Step) -> Result<Step, CustodyError> {
        Ok(match step {
            Step::Found(key) => Step::Found(self.seal(purpose, key).await?),
            Step::Prepare { of, key } => Step::Prepare { of, key: self.seal(purpose, key).await? },
            Step::Taint { kid, reason, instead: Some(Replacement { key, beside }) } => {
                let key = self.seal(purpose, key).await?;
                Step::Taint { kid, reason, instead: Some(Replacement { key, beside }) }
            }
            step => step,
        })
    }

    async fn open(&self, mut live: LiveKeys) -> Result<LiveKeys, CustodyError> {
        let recorded = self.recorded().await?;
        let keks = match recorded {
            Some(_) => self.keks.read().await?,
            None => Vec::new(),
        };
        if let Some(expected) = recorded {
            self.find(&keks, expected)?;
        }
        for key in &mut live.keys {
            key.private = rows::open(key, &keks, recorded.is_some())?;
        }
        Ok(live)
    }
}

#[async_trait]
impl KeyStore for SealedKeys {
    async fn live_keys(&self) -> Result<LiveKeys, StoreFailure> {
        let opened = match self.open(self.database.live_keys().await?).await {
            // The key-encryption key may have been replaced between two looks.
            Err(_) => self.open(self.database.live_keys().await?).await,
            opened => opened,
        };
        Ok(opened?)
    }

    async fn all_keys(&self) -> Result<Vec<KeyRecord>, StoreFailure> {
        self.database.all_keys().await
    }

    async fn keys_revision(&self) -> Result<i64, StoreFailure> {
        self.database.keys_revision().await
    }

    async fn change_keys(&self, change: Change) -> Result<(), ChangeError> {
        let Change { purpose, at, steps } = change;
        let mut sealed = Vec::with_capacity(steps.len());
        for step in steps {
            sealed.push(self.seal_step(&purpose, step).await.map_err(StoreFailure::from)?);
        }
        self.database.change_keys(Change { purpose, at, steps: sealed }).await
    }
}
