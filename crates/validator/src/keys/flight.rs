use super::held::Held;
use super::refresh::{RefreshError, Refreshed, Trip};
use super::{IssuerKeys, PAUSE_ON_WORD};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How long the first keys of an issuer wait for its status lists.
const FIRST_LISTS: Duration = Duration::from_secs(2);

/// One trip to an issuer. It is a task of its own, so that a request which goes away does not take it along; and it
/// always lands, even when its task is dropped half way.
struct Flight {
    keys: Arc<IssuerKeys>,
    /// Wakes those who wait by being dropped: after the landing, because fields are dropped last.
    _ticket: watch::Sender<()>,
    landed: bool,
}

impl IssuerKeys {
    /// Starts the flight for which the schedule gave a ticket. Outside a runtime it lands at once, as failed.
    pub(super) fn launch(self: &Arc<Self>, ticket: watch::Sender<()>) {
        let flight = Flight { keys: Arc::clone(self), _ticket: ticket, landed: false };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(flight.fly());
        }
    }

    async fn fetch(&self) -> Result<Trip, RefreshError> {
        // Metadata and key set; the fetcher has its own, shorter, limit for each.
        let limit = self.timing.fetch_timeout * 2;
        let held = self.held.load_full();
        let publisher = self.publisher.as_ref().ok_or(RefreshError::Abandoned)?;
        let refresh = publisher.refresh(held.as_deref(), self.clock.monotonic(), self.timing.max_fresh);
        let trip = tokio::time::timeout(limit, refresh).await.unwrap_or(Err(RefreshError::TimedOut(limit)))?;
        self.note_clock(trip.date, self.clock.now());
        Ok(trip)
    }

    /// When these are the first keys, the status lists of the issuer come with them: who waits for the keys would be
    /// refused for the lists in the next moment. A slow list delays the keys for a short time only.
    async fn accompany(self: &Arc<Self>, result: &Result<Trip, RefreshError>) {
        if let Ok(Trip { keys: Refreshed::Other { set, .. }, status_lists, .. }) = result
            && self.held.load().is_none()
        {
            self.status.announce_at(status_lists.as_deref());
            let lists = self.status.first_lists(self, set);
            // What did not come in time goes on in flights of its own.
            let _ = tokio::time::timeout(FIRST_LISTS, lists).await;
        }
    }

    fn land(self: &Arc<Self>, result: Result<Trip, RefreshError>) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let before = self.held.load_full();
        let trip = match result {
            Ok(trip) => trip,
            Err(error) => {
                self.log_failure(&error);
                let have_keys = before.is_some_and(|held| monotonic < held.dead_at);
                let not_before = |failures| monotonic + self.timing.pause_after(failures, have_keys);
                self.schedule().fail(now, not_before, error.to_string());
                return;
            }
        };
        let (held, max_age) = match trip.keys {
            Refreshed::Same { max_age } => (before.as_deref().cloned(), max_age),
            Refreshed::Other { set, ignored, digest, etag, max_age } => {
                self.warn_of(&ignored);
                // Two emergencies may follow each other. An issuer that changes its keys all the time is asked for them
                // once in this time, and by nobody's cost but its own.
                self.schedule().believe(monotonic, PAUSE_ON_WORD);
                (Some(Held::fetched(set, digest, etag, before.as_deref(), now)), max_age)
            }
        };
        let held = held.map(|held| Arc::new(held.renewed(max_age, now, monotonic, &self.timing)));
        self.log_success(held.as_ref().map_or(0, |held| held.set.len()));
        self.status.announce_at(trip.status_lists.as_deref());
        self.held.store(held);
        self.schedule().succeed(now);
        self.tell_status();
    }
}

impl Flight {
    async fn fly(mut self) {
        let result = self.keys.fetch().await;
        self.keys.accompany(&result).await;
        self.landed = true;
        self.keys.land(result);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            self.keys.land(Err(RefreshError::Abandoned));
        }
    }
}
