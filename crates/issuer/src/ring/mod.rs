//! The keys of a company: those of its issuer and those of its managed clients, and how one follows another.

mod change;
mod error;
mod evidence;
mod log;
mod memory;
mod plan;
mod record;
mod rotation;
mod snapshot;
mod store;

pub use change::{Change, Overtaken, Replacement, Step};
pub use error::KeyRingError;
pub use evidence::{Knowledge, PartnerEvidence, Witness};
pub use memory::KeysInMemory;
pub use record::{KeyPurpose, KeyRecord, KeyState, KeyTimes, NewKey, RotationRequest, StoredKey};
pub use rotation::{Rotation, WaitingKey};
pub use snapshot::KeySnapshot;
pub use store::{ChangeError, KeyStore, LiveKeys};

use crate::{KeyBackend, embedded_keys};
use arc_swap::ArcSwap;
use bridge_jose::{Algorithm, SigningKey, Typ, UnsignedToken};
use bridge_types::{ClientId, Clock, KeyId};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// How often a change is tried anew when somebody else was faster. Two in a row is already rare.
const ATTEMPTS: usize = 5;

/// The keys as this process knows them, and the one way to change them.
///
/// Reading takes no lock. Other processes change the keys too: whoever must not act on an old view asks
/// [`Self::at_least`] with a revision that was read in a transaction of its own.
pub struct KeyRing {
    store: Arc<dyn KeyStore>,
    backend: Arc<dyn KeyBackend>,
    clock: Arc<dyn Clock>,
    snapshot: ArcSwap<KeySnapshot>,
    /// Held while the store is read, so that an older state never replaces a newer one.
    reading: Mutex<()>,
    /// When the store was last asked for its revision, in nanoseconds of the monotonic clock.
    checked_at: AtomicU64,
    checking: Mutex<()>,
    revision: watch::Sender<i64>,
}

impl KeyRing {
    /// Reads the keys. There may be none yet; see [`Self::ensure`].
    ///
    /// # Errors
    /// [`KeyRingError`]: the store failed, or an active key cannot be used.
    pub async fn open(
        store: Arc<dyn KeyStore>,
        backend: Arc<dyn KeyBackend>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, KeyRingError> {
        let (revision, _) = watch::channel(i64::MIN);
        let (snapshot, reading, checking) = (ArcSwap::default(), Mutex::default(), Mutex::default());
        let checked_at = AtomicU64::new(nanos(clock.monotonic()));
        let ring = Self { store, backend, clock, snapshot, reading, checked_at, checking, revision };
        ring.read(|_| false).await?;
        Ok(Arc::new(ring))
    }

    /// The keys as this process knows them now.
    pub fn snapshot(&self) -> Arc<KeySnapshot> {
        self.snapshot.load_full()
    }

    /// The revision of what this process knows; changes whenever it learns of other keys.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.revision.subscribe()
    }

    /// The keys, at least as new as this revision: read again when what is known is older.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub async fn at_least(&self, revision: i64) -> Result<Arc<KeySnapshot>, KeyRingError> {
        let known = self.snapshot.load_full();
        if known.revision() >= revision {
            return Ok(known);
        }
        let read = self.read(|known| known.revision() >= revision).await?;
        if read.revision() >= revision {
            Ok(read)
        } else {
            Err(KeyRingError::WentBack { expected: revision, found: read.revision() })
        }
    }

    /// The keys as they stand in the store now.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub async fn catch_up(&self) -> Result<Arc<KeySnapshot>, KeyRingError> {
        let began = self.clock.monotonic();
        let revision = self.store.keys_revision().await?;
        let keys = self.read(|known| known.revision() == revision).await?;
        self.checked_at.fetch_max(nanos(began), Ordering::AcqRel);
        Ok(keys)
    }

    /// The keys, known to be those of the store not longer ago than this. When the store fails, those that are known.
    pub(crate) async fn no_older_than(&self, age: Duration) -> Arc<KeySnapshot> {
        self.as_of(self.clock.monotonic().saturating_sub(age)).await
    }

    /// The keys as they stand in the store at this moment. The store is asked once in a `pause` at most, however many
    /// want to know: whoever comes sooner waits. When the store fails, those that are known.
    pub(crate) async fn now(&self, pause: Duration) -> Arc<KeySnapshot> {
        let asked = self.clock.monotonic();
        tokio::time::sleep((self.checked_at() + pause).saturating_sub(asked)).await;
        self.as_of(asked + Duration::from_nanos(1)).await
    }

    /// The keys of the store at this moment of the monotonic clock, or later. One reads, and the others wait for it.
    async fn as_of(&self, moment: Duration) -> Arc<KeySnapshot> {
        if self.checked_at() >= moment {
            return self.snapshot();
        }
        let _checking = self.checking.lock().await;
        if self.checked_at() >= moment {
            return self.snapshot();
        }
        let began = self.clock.monotonic();
        self.catch_up().await.unwrap_or_else(|error| {
            log::unreadable(&error);
            self.checked_at.fetch_max(nanos(began), Ordering::AcqRel);
            self.snapshot()
        })
    }

    fn checked_at(&self) -> Duration {
        Duration::from_nanos(self.checked_at.load(Ordering::Acquire))
    }

    /// Sees to it that a purpose has an active key, and that it, or the one that follows, is of this algorithm.
    ///
    /// A first key is made at once. A key of another algorithm goes on signing, and its replacement is asked for: that is
    /// a rotation like any other. Call it once per start and purpose: replicas whose configurations differ for a while
    /// would otherwise never agree.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub async fn ensure(&self, purpose: &KeyPurpose, algorithm: Algorithm) -> Result<(), KeyRingError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.catch_up().await?;
            let step = match snapshot.active(purpose) {
                None => Step::Found(self.generate(purpose, algorithm).await?),
                Some(active) => match towards(active, algorithm) {
                    Some(step) => step,
                    None => return Ok(()),
                },
            };
            match self.change(purpose, vec![step]).await {
                Ok(_) | Err(KeyRingError::Overtaken(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Overtaken.into())
    }

    /// Takes steps in the life of the keys of one purpose, all or none, durably, and gives the keys as they are then.
    ///
    /// # Errors
    /// [`KeyRingError::Overtaken`] when the keys are not as the steps expect: look again and decide anew.
    pub async fn change(&self, purpose: &KeyPurpose, steps: Vec<Step>) -> Result<Arc<KeySnapshot>, KeyRingError> {
        let change = Change { purpose: purpose.clone(), at: self.clock.now(), steps };
        let note = log::Note::of(&change);
        self.store.change_keys(change).await?;
        note.write();
        self.catch_up().await
    }

    /// A new key pair for a purpose, for a step that brings one.
    ///
    /// # Errors
    /// [`KeyRingError::Backend`].
    pub async fn generate(&self, purpose: &KeyPurpose, algorithm: Algorithm) -> Result<NewKey, KeyRingError> {
        match purpose {
            KeyPurpose::AccessTokens => Ok(self.backend.generate(algorithm).await?),
            KeyPurpose::Client(_) => {
                Ok(embedded_keys::generate(algorithm).await.map_err(crate::KeyBackendFailure::from)?)
            }
        }
    }

    /// The key pair that a managed client signs its assertions with now.
    pub fn client_key(&self, client: &ClientId) -> Option<SigningKey> {
        self.snapshot.load().client(client).and_then(|keys| keys.signing.clone())
    }

    /// Signs claims with the issuer's active key. With a revision, the keys are at least as new as that.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub async fn sign(
        &self,
        revision: Option<i64>,
        typ: Typ,
        claims: &(impl Serialize + Sync),
    ) -> Result<Signed, KeyRingError> {
        let mut snapshot = match revision {
            Some(revision) => self.at_least(revision).await?,
            None => self.snapshot(),
        };
        let failed = match self.sign_by(&snapshot, typ, claims).await {
            Err(KeyRingError::Backend(failure)) => failure,
            outcome => return outcome,
        };
        // The keys may be changing at this very moment; catching up waits until they have.
        let before = std::mem::replace(&mut snapshot, self.catch_up().await?);
        if before.signing() == snapshot.signing() {
            return Err(failed.into());
        }
        self.sign_by(&snapshot, typ, claims).await
    }

    /// Reads the store unless what is known is enough once nobody else reads.
    async fn read(&self, enough: impl Fn(&KeySnapshot) -> bool + Send) -> Result<Arc<KeySnapshot>, KeyRingError> {
        let _reading = self.reading.lock().await;
        let known = self.snapshot.load_full();
        if enough(&known) {
            return Ok(known);
        }
        let (next, signing) = KeySnapshot::of(self.store.live_keys().await?, &known)?;
        if let Some((public, private)) = signing {
            self.backend.hold(&public, private).await?;
        }
        let next = Arc::new(next);
        log::count(&next);
        self.snapshot.store(Arc::clone(&next));
        self.revision.send_replace(next.revision());
        Ok(next)
    }

    async fn sign_by(
        &self,
        snapshot: &KeySnapshot,
        typ: Typ,
        claims: &(impl Serialize + Sync),
    ) -> Result<Signed, KeyRingError> {
        let key = snapshot.signing().ok_or(KeyRingError::NoKey)?;
        let unsigned = UnsignedToken::new(typ, key.algorithm(), key.kid(), claims)?;
        let signature = self.backend.sign(key.kid(), unsigned.signing_input()).await?;
        Ok(Signed { token: unsigned.finish(&signature), kid: key.kid().clone() })
    }
}

/// A signed token, and what signed it. No `Debug` of the token: it is a credential.
pub struct Signed {
    token: String,
    kid: KeyId,
}

impl Signed {
    /// The key.
    pub fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// The compact form (RFC 7515 §7.1).
    pub fn into_token(self) -> String {
        self.token
    }
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// What leads from an active key to one of an algorithm; `None` when that is under way, or not needed.
fn towards(active: &KeyRecord, algorithm: Algorithm) -> Option<Step> {
    let of = active.kid().clone();
    match (active.algorithm() == algorithm, active.request) {
        (true, Some(request)) if request.algorithm != algorithm => Some(Step::Cancel { of }),
        (false, request) if request.is_none_or(|request| request.algorithm != algorithm) => {
            Some(Step::Request { of, algorithm })
        }
        _ => None,
    }
}

fn nanos(moment: Duration) -> u64 {
    u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("snapshot", &self.snapshot.load()).finish_non_exhaustive()
    }
}
