use super::IssuerStatus;
use super::list::{self, Expected, ListDefect, OpenedList};
use super::lists::{MAX_BYTES, MAX_LISTS};
use super::slot::{Accepted, ListSlot, Origin};
use super::store::KeptList;
use crate::keys::{Demand, DocumentKind, FetchError, Fetched, IssuerKeys, Wanted, digest_of};
use bridge_jose::{KeySet, VerificationKey, parse_strict};
use bridge_types::{KeyId, StatusListUri};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How long it takes at most to learn of a list that the issuer announces. Issuers announce a list long before the first
/// token refers to it.
const AGGREGATION_FRESH: Duration = Duration::from_mins(1);

/// What a flight to a list brought.
enum Brought {
    /// The copy at hand is the right one.
    Same,
    Other {
        opened: OpenedList,
        token: String,
        origin: Origin,
    },
}

/// `status_lists` of draft-ietf-oauth-status-list §9.3.
#[derive(Deserialize)]
struct Announcement {
    status_lists: Vec<StatusListUri>,
}

impl IssuerStatus {
    /// Starts whatever fetch is due: the issuer's announcement, and each list ahead of its `ttl`. Returns at once.
    pub(crate) fn refresh_if_due(self: &Arc<Self>, keys: &Arc<IssuerKeys>) {
        let monotonic = self.clock.monotonic();
        self.ask_for_lists(keys, false);
        if !keys.are_held() {
            // Nothing could be verified; the lists come with the first keys.
            return;
        }
        for slot in self.lists.all() {
            let fresh = slot.held().is_some_and(|held| monotonic < held.refresh_at);
            let ticket = slot.progress().schedule.take_if_due(monotonic, fresh);
            if let Some(ticket) = ticket {
                self.launch(&slot, keys, None, ticket);
            }
        }
    }

    /// Gets the lists of an issuer whose first keys have just come and are not in use yet: those that the store has, and
    /// then the others. Ends when all have come or failed; what it started goes on when nobody waits for it any more.
    pub(crate) async fn first_lists(self: &Arc<Self>, keys: &Arc<IssuerKeys>, set: &KeySet) {
        for slot in self.lists.all() {
            let recalled = slot.progress().recalled.take();
            if let Some(list) = recalled {
                Arc::clone(self).verify_recalled(slot, Arc::clone(keys), list, Some(set.clone())).await;
            }
        }
        if let Some(mut flight) = self.ask_for_lists(keys, true) {
            let _landed = flight.changed().await;
        }
        let monotonic = self.clock.monotonic();
        let mut flights = Vec::new();
        for slot in self.lists.all().into_iter().filter(|slot| slot.held().is_none()) {
            if let Demand::Start { ticket, .. } = slot.progress().schedule.demand(monotonic, false, keys.timing()) {
                flights.push(ticket.subscribe());
                self.launch(&slot, keys, Some(set.clone()), ticket);
            }
        }
        for mut flight in flights {
            let _landed = flight.changed().await;
        }
    }

    /// The keys of the issuer are these now: lists that another key signed are put out of use, and what was read from the
    /// store can be verified.
    pub(crate) fn keys_are(self: &Arc<Self>, keys: &Arc<IssuerKeys>, set: &KeySet) {
        let is_key = |kid: &KeyId| set.find(kid).is_some() && !self.is_key_revoked(kid);
        for slot in self.lists.all() {
            if let Some(held) = slot.held().filter(|held| !is_key(&held.kid)) {
                self.log_discarded(&slot.uri, &held.kid);
                slot.discard();
            }
            let recalled = slot.progress().recalled.take();
            if let (Some(list), Ok(runtime)) = (recalled, Handle::try_current()) {
                runtime.spawn(Arc::clone(self).verify_recalled(slot, Arc::clone(keys), list, None));
            }
        }
        self.refresh_if_due(keys);
    }

    /// Starts the flight for which a slot's schedule gave a ticket. The keys to verify with are the issuer's, or `set` as
    /// long as they are not in use.
    pub(super) fn launch(
        self: &Arc<Self>,
        slot: &Arc<ListSlot>,
        keys: &Arc<IssuerKeys>,
        set: Option<KeySet>,
        ticket: watch::Sender<()>,
    ) {
        let (status, slot, keys) = (Arc::clone(self), Arc::clone(slot), Arc::clone(keys));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let brought = status.bring(&slot, &keys, set.as_ref()).await;
                status.land(&slot, &keys, brought).await;
                // Whoever waits for the list is woken after it has landed.
                drop(ticket);
            });
        }
    }

    async fn bring(
        &self,
        slot: &ListSlot,
        keys: &Arc<IssuerKeys>,
        set: Option<&KeySet>,
    ) -> Result<Brought, ListDefect> {
        let fetcher = keys.fetcher().ok_or(ListDefect::Unfetchable)?;
        let (limit, held, url) = (keys.timing().fetch_timeout, slot.held(), slot.uri.to_url());
        let etag = held.as_ref().and_then(|held| held.etag.as_deref());
        let asked = fetcher.fetch(Wanted { url: &url, kind: DocumentKind::StatusList, etag });
        let document = match tokio::time::timeout(limit, asked).await.map_err(|_| ListDefect::TimedOut(limit))?? {
            Fetched::NotModified { .. } if etag.is_some() => return Ok(Brought::Same),
            Fetched::NotModified { .. } => return Err(ListDefect::Unconditional),
            Fetched::Document(document) => document,
        };
        let digest = digest_of(&document.body);
        if held.is_some_and(|held| held.digest == digest) {
            return Ok(Brought::Same);
        }
        let token = String::from_utf8(document.body)?;
        let (opened, token) = self.verified(&slot.uri, token, keys, set).await?;
        Ok(Brought::Other { opened, token, origin: Origin { digest, etag: document.etag, kept: false } })
    }

    /// A list that was verified with a key of the issuer and opened, away from the threads that answer requests.
    async fn verified(
        &self,
        uri: &StatusListUri,
        token: String,
        keys: &Arc<IssuerKeys>,
        set: Option<&KeySet>,
    ) -> Result<(OpenedList, String), ListDefect> {
        let kid = list::key_id(&token)?;
        let key = self.key(&kid, keys, set).await.ok_or(ListDefect::Key(kid))?;
        let expected = Expected {
            issuer: self.issuer.clone(),
            uri: uri.clone(),
            algorithms: self.terms.load().algorithms.clone(),
            now: self.clock.now(),
        };
        let opened = tokio::task::spawn_blocking(move || list::open(&token, &key, &expected).map(|list| (list, token)));
        opened.await.map_err(|_| ListDefect::Abandoned)?
    }

    async fn key(&self, kid: &KeyId, keys: &Arc<IssuerKeys>, set: Option<&KeySet>) -> Option<Arc<VerificationKey>> {
        if let Some(set) = set {
            return set.find(kid).filter(|_| !self.is_key_revoked(kid)).map(Arc::clone);
        }
        // A list that is signed with a key we do not know is word from the issuer that it has another one.
        if keys.key(kid).is_none() {
            keys.expect(kid).await;
        }
        keys.key(kid)
    }

    async fn land(self: &Arc<Self>, slot: &ListSlot, keys: &Arc<IssuerKeys>, brought: Result<Brought, ListDefect>) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let landed = brought.and_then(|brought| match brought {
            Brought::Same => slot.renew(now, monotonic).map(|()| None),
            Brought::Other { opened, token, origin } => {
                let accepted = self.accept(slot, opened, origin)?;
                Ok(Some((accepted, token)))
            }
        });
        match landed {
            Ok(other) => {
                self.count_list("ok");
                slot.progress().schedule.succeed(now);
                if let Some((accepted, token)) = other {
                    self.settle(slot, keys, &accepted, token).await;
                }
            }
            Err(defect) => {
                self.log_list_failure(&slot.uri, &defect);
                let not_before = |failures| monotonic + keys.timing().pause_after(failures, false);
                slot.progress().schedule.fail(now, not_before, defect.to_string());
            }
        }
    }

    fn accept(&self, slot: &ListSlot, opened: OpenedList, origin: Origin) -> Result<Accepted, ListDefect> {
        if self.lists.bytes_beside(&slot.uri) + opened.bits.as_bytes().len() > MAX_BYTES {
            return Err(ListDefect::TooMuch(MAX_BYTES));
        }
        slot.accept(opened, origin, self.clock.now(), self.clock.monotonic())
    }

    /// What follows from a list that is in use now: it is kept, notices that it says as well are dropped, and another key
    /// than before is a reason to look at the keys.
    async fn settle(&self, slot: &ListSlot, keys: &Arc<IssuerKeys>, accepted: &Accepted, token: String) {
        let list = &accepted.list;
        if accepted.other_key {
            keys.refresh_on_word();
        }
        if accepted.to_keep {
            let kept = KeptList { uri: slot.uri.clone(), iat: list.iat, token };
            if !self.keep_list(&kept).await {
                slot.progress().kept_nothing();
                return;
            }
        }
        if !accepted.is_kept {
            // After a restart only the notices would know.
            return;
        }
        let covered = self.notices.covered_by(&slot.uri, list.iat, &list.bits);
        self.drop_notices(&covered).await;
    }

    async fn verify_recalled(
        self: Arc<Self>,
        slot: Arc<ListSlot>,
        keys: Arc<IssuerKeys>,
        list: KeptList,
        set: Option<KeySet>,
    ) {
        let origin = Origin { digest: digest_of(list.token.as_bytes()), etag: None, kept: true };
        let opened = self.verified(&slot.uri, list.token, &keys, set.as_ref()).await;
        let accepted = opened.and_then(|(opened, _)| self.accept(&slot, opened, origin));
        if let Err(defect) = accepted {
            self.log_list_failure(&slot.uri, &defect);
        }
    }

    /// Asks the issuer which lists it has, if that is due (or `now`). Gives the flight that does.
    fn ask_for_lists(self: &Arc<Self>, keys: &Arc<IssuerKeys>, now: bool) -> Option<watch::Receiver<()>> {
        let monotonic = self.clock.monotonic();
        let mut aggregation = self.aggregation();
        let url = aggregation.url.clone()?;
        let fresh = !now && monotonic < aggregation.refresh_at;
        let ticket = aggregation.schedule.take_if_due(monotonic, fresh)?;
        let flight = ticket.subscribe();
        let (status, keys) = (Arc::clone(self), Arc::clone(keys));
        Handle::try_current().ok()?.spawn(async move {
            let announced = status.announcement(&url, &keys).await;
            status.land_announcement(&url, &keys, announced);
            drop(ticket);
        });
        Some(flight)
    }

    async fn announcement(&self, url: &StatusListUri, keys: &IssuerKeys) -> Result<Vec<StatusListUri>, ListDefect> {
        let fetcher = keys.fetcher().ok_or(ListDefect::Unfetchable)?;
        let (limit, url) = (keys.timing().fetch_timeout, url.to_url());
        let asked = fetcher.fetch(Wanted { url: &url, kind: DocumentKind::Json, etag: None });
        let answer = tokio::time::timeout(limit, asked).await.map_err(|_| ListDefect::TimedOut(limit))??;
        let Fetched::Document(document) = answer else { return Err(ListDefect::Unconditional) };
        let unusable = |found: String| FetchError::Unusable { url, expected: "the addresses of status lists", found };
        match parse_strict::<Announcement>(&document.body) {
            Ok(Ok(announcement)) => Ok(announcement.status_lists),
            Ok(Err(error)) => Err(unusable(error.to_string()).into()),
            Err(error) => Err(unusable(error.to_string()).into()),
        }
    }

    fn land_announcement(
        self: &Arc<Self>,
        url: &StatusListUri,
        keys: &Arc<IssuerKeys>,
        announced: Result<Vec<StatusListUri>, ListDefect>,
    ) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        match announced {
            Ok(mut uris) => {
                let terms = self.terms.load();
                uris.retain(|uri| terms.allow(uri));
                uris.truncate(MAX_LISTS);
                self.lists.announce(&uris, monotonic);
                let mut aggregation = self.aggregation();
                aggregation.schedule.succeed(now);
                aggregation.refresh_at = monotonic + AGGREGATION_FRESH.mul_f64(0.6 + 0.15 * fastrand::f64());
            }
            Err(defect) => {
                self.log_list_failure(url, &defect);
                let not_before = |failures| monotonic + keys.timing().pause_after(failures, false);
                self.aggregation().schedule.fail(now, not_before, defect.to_string());
            }
        }
    }
}
