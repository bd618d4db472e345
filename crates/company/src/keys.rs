use crate::config::{CompanyConfig, KeysConfig, RotationPeriod};
use crate::credentials::ManagedCredentials;
use crate::error::StartError;
use crate::evidence::Verifiers;
use crate::health::Own;
use crate::identity::Identity;
use crate::revocations::Revocations;
use bridge_issuer::{Clients, EmbeddedKeys, Issuer, IssuerConfig, IssuerStores, KeyRing, Rotation};
use bridge_jose::Algorithm;
use bridge_store::{Database, Resealed, Topic};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How soon to try again when a step of a rotation could not be taken.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Keeps the keys of this process up with the store, whoever changes them there: this process, a replica, or a
/// subcommand.
pub(crate) struct OwnKeys {
    pub(crate) database: Database,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) credentials: Arc<ManagedCredentials>,
}

impl OwnKeys {
    /// The keys of this database; a first one is made for `algorithm`, and one of another algorithm is rotated.
    pub(crate) async fn open(database: &Database, keys: &KeysConfig, algorithm: Algorithm) -> Result<Self, StartError> {
        let store = keys.of(database);
        if let Some(Resealed { kek, rows }) = store.adopt().await? {
            tracing::info!(target: "bridge", event = "keys_sealed", outcome = "ok", %kek, rows,
                "private keys in the database are sealed from now on");
        }
        let backend = Arc::new(EmbeddedKeys::default());
        let ring = KeyRing::open(Arc::new(store), backend, Arc::clone(database.clock())).await?;
        let credentials = Arc::new(ManagedCredentials::new(Arc::clone(&ring), algorithm));
        Ok(Self { database: database.clone(), ring, credentials })
    }

    /// The issuer that signs with them.
    pub(crate) async fn issuer(
        &self,
        company: &CompanyConfig,
        identity: &Identity,
        clients: Clients,
        revocations: Revocations,
    ) -> Result<Arc<Issuer>, StartError> {
        let settings = &company.issuer;
        let lifetime = settings.access_token_lifetime.duration();
        let config = IssuerConfig::new(identity.issuer.url().clone(), settings.algorithm, lifetime)
            .map_err(|error| StartError::system("the issuer's settings", error))?
            .with_limits(company.limits.tokens())
            .with_status_lists(settings.status_lists);
        let (store, clock) = (Arc::new(self.database.clone()), Arc::clone(self.database.clock()));
        let stores = IssuerStores { issuer: Arc::clone(&store) as _, status: store, revoker: Arc::new(revocations) };
        Ok(Issuer::start(config, stores, Arc::clone(&self.ring), clients, clock).await?)
    }

    /// The keys, and what replaces them after this period once these hold the next one.
    pub(crate) fn moved_by(&self, verifiers: Verifiers, period: RotationPeriod) -> Own {
        let (ring, clock) = (Arc::clone(&self.ring), Arc::clone(self.database.clock()));
        let rotation = Rotation::new(Arc::clone(&ring), Arc::new(verifiers), period.period(), clock);
        Own { ring, rotation: Arc::new(rotation) }
    }

    /// Follows every change until the company stops.
    pub(crate) async fn follow(self, shutdown: CancellationToken) {
        let mut revision = self.database.watch(Topic::Keys);
        loop {
            self.catch_up().await;
            // It ends with the database, which is closed after this.
            let Some(Ok(())) = shutdown.run_until_cancelled(revision.changed()).await else { return };
        }
    }

    /// Takes every step of a rotation that is due, until the company stops.
    pub(crate) async fn rotate(ring: Arc<KeyRing>, rotation: Arc<Rotation>, shutdown: CancellationToken) {
        let mut revision = ring.watch();
        loop {
            revision.borrow_and_update();
            let Some(advanced) = shutdown.run_until_cancelled(rotation.advance()).await else { return };
            let pause = advanced.unwrap_or_else(|error| {
                tracing::error!(target: "bridge", event = "key_rotation_failed", outcome = "error", detail = %error,
                    "a step of a rotation could not be taken: the keys stay as they are");
                PAUSE_AFTER_FAILURE
            });
            let changed = tokio::time::timeout(pause, revision.changed());
            if shutdown.run_until_cancelled(changed).await.is_none() {
                return;
            }
        }
    }

    async fn catch_up(&self) {
        if let Err(error) = self.ring.catch_up().await {
            tracing::error!(target: "bridge", event = "keys_unreadable", outcome = "error", detail = %error,
                "the own keys cannot be read: those that are known stay in use");
        }
        self.credentials.follow();
    }
}
