use super::{ListRevision, StatusListConfig, StatusStore};
use crate::discovery::{Document, Endpoints};
use crate::{Issuer, KeyRingError, StoreFailure};
use bridge_jose::{EncodedStatusList, StatusListClaims, Typ};
use bridge_types::{Clock, Invalid, KeyId, StatusListUri};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::Instant;

/// How soon after a build the next one may come: revocations that come together are encoded together.
const PAUSE: Duration = Duration::from_millis(100);
/// How soon after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often lists are signed anew at most, though nothing was revoked.
const LONGEST_PERIOD: Duration = Duration::from_secs(10);

/// How long whoever asks waits for lists under a new key when the last one was withdrawn.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is served: one signed list for each number, and the list of lists.
#[derive(Default)]
pub(crate) struct Published(watch::Sender<Arc<Documents>>);

#[derive(Default)]
struct Documents {
    aggregation: Option<Document>,
    lists: BTreeMap<u64, Document>,
    signers: BTreeSet<KeyId>,
}

/// The lists that there are were signed with a key that is not published any more, and others have not come in time.
#[derive(Debug)]
pub(crate) struct Unsigned;

impl Published {
    /// The addresses of all lists (draft-ietf-oauth-status-list §9.3); `None` until the first were made.
    pub(crate) fn aggregation(&self) -> Option<Document> {
        self.0.borrow().aggregation.clone()
    }

    /// One list, signed with a key that is published. Waits for it while a key has just been withdrawn: a partner that
    /// has heard of that trusts none of the lists before, and asks for others at once.
    ///
    /// # Errors
    /// [`Unsigned`].
    pub(crate) async fn list(
        &self,
        number: u64,
        is_published: impl Fn(&KeyId) -> bool,
    ) -> Result<Option<Document>, Unsigned> {
        let mut published = self.0.subscribe();
        let trusted = published.wait_for(|documents| documents.signers.iter().all(&is_published));
        let documents = tokio::time::timeout(PATIENCE, trusted).await.map_err(|_| Unsigned)?.map_err(|_| Unsigned)?;
        Ok(documents.lists.get(&number).cloned())
    }
}

/// Builds and signs the lists, beside the requests.
pub(crate) struct Publisher {
    store: Arc<dyn StatusStore>,
    clock: Arc<dyn Clock>,
    config: StatusListConfig,
    encoded: BTreeMap<u64, (ListRevision, Arc<EncodedStatusList>)>,
}

impl Publisher {
    pub(crate) fn new(store: Arc<dyn StatusStore>, clock: Arc<dyn Clock>, config: StatusListConfig) -> Self {
        Self { store, clock, config, encoded: BTreeMap::new() }
    }

    /// Publishes for the first time, so that whoever asks a new issuer finds its lists. A failure is repeated, and told,
    /// by [`Self::run`].
    pub(crate) async fn begin(&mut self, issuer: &Issuer) {
        drop(self.publish(issuer).await);
    }

    /// Publishes until the issuer is dropped: at once when something is revoked or the key changes, and often enough that
    /// what a partner fetches is never much older than a fetch ago.
    pub(crate) async fn run(mut self, issuer: Weak<Issuer>) {
        let mut changes = self.store.list_changes();
        let Some(mut keys) = issuer.upgrade().map(|issuer| issuer.ring().watch()) else { return };
        let mut following = true;
        let mut failing = false;
        loop {
            let Some(alive) = issuer.upgrade() else { return };
            let built = self.publish(&alive).await;
            drop(alive);
            if let Err(failure) = &built
                && !failing
            {
                tracing::error!(target: "bridge", event = "status_lists_failed", outcome = "error", detail = %failure,
                    "no new status lists: partners keep the last ones until those expire");
            }
            failing = built.is_err();
            let built_at = Instant::now();
            let next = if failing { built_at + RETRY } else { built_at + self.until_next() };
            tokio::select! {
                moved = changes.changed(), if following && !failing => following = moved.is_ok(),
                Ok(()) = keys.changed(), if !failing => {}
                () = tokio::time::sleep_until(next) => {}
            }
            tokio::time::sleep_until(built_at + PAUSE).await;
            changes.mark_unchanged();
            keys.mark_unchanged();
        }
    }

    /// Lists are signed on a grid of the time of day that all replicas share, so that their `iat` hardly differ: to a
    /// partner an older `iat` looks like an attempt to bring back an old list.
    fn until_next(&self) -> Duration {
        let period = (self.config.ttl() / 3).clamp(Duration::from_secs(1), LONGEST_PERIOD);
        let now = self.clock.now().as_millisecond().rem_euclid(i64::try_from(period.as_millis()).unwrap_or(i64::MAX));
        period.saturating_sub(Duration::from_millis(now.unsigned_abs())).max(PAUSE)
    }

    /// Reads what changed, encodes it, signs everything and puts it in the place of what was served before.
    async fn publish(&mut self, issuer: &Issuer) -> Result<(), Trouble> {
        // Read before the store is: a list never says it is newer than what it was made of.
        let now = self.clock.now();
        let revisions = self.store.status_lists().await?;
        self.encoded.retain(|number, _| revisions.iter().any(|list| list.number == *number));
        for list in &revisions {
            if self.encoded.get(&list.number).is_none_or(|(held, _)| held != list) {
                let bits = self.store.status_bits(list.number).await?;
                let encoded = tokio::task::spawn_blocking(move || EncodedStatusList::of_bits(&bits)).await?;
                self.encoded.insert(list.number, (*list, Arc::new(encoded)));
            }
        }
        let endpoints = Endpoints::of(issuer.config().url());
        let (mut lists, mut signers) = (BTreeMap::new(), BTreeSet::new());
        for (number, (_, encoded)) in &self.encoded {
            let claims = self.claims(issuer, endpoints.status_list(*number)?, encoded, now);
            let signed = issuer.ring().sign(None, Typ::StatusList, &claims).await?;
            signers.insert(signed.kid().clone());
            lists.insert(*number, Document::status_list(signed.into_token()));
        }
        let uris: Vec<_> = lists.keys().map(|number| endpoints.status_list_text(*number)).collect();
        let aggregation = Some(Document::status_list_aggregation(&uris));
        issuer.published.0.send_replace(Arc::new(Documents { aggregation, lists, signers }));
        Ok(())
    }

    fn claims(
        &self,
        issuer: &Issuer,
        sub: StatusListUri,
        encoded: &EncodedStatusList,
        now: Timestamp,
    ) -> StatusListClaims {
        let lifetime = SignedDuration::try_from(self.config.lifetime()).unwrap_or(SignedDuration::MAX);
        StatusListClaims {
            iss: Some(issuer.config().url().clone()),
            sub,
            iat: now.into(),
            exp: Some(now.saturating_add(lifetime).unwrap_or(Timestamp::MAX).into()),
            ttl: NonZeroU64::new(self.config.ttl().as_secs()),
            status_list: encoded.clone(),
        }
    }
}

/// Why no lists could be made.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error(transparent)]
    Sign(#[from] KeyRingError),
    #[error(transparent)]
    Uri(#[from] Invalid),
    #[error("the encoding did not end: {0}")]
    Encoding(#[from] JoinError),
}
