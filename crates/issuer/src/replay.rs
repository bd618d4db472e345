use crate::assertion::VerifiedAssertion;
use crate::defect::ClientDefect;
use crate::error::{Outage, TokenError};
use crate::{Claims, Client, IssuerStore, Revisions, StoreFailure, UsedAssertion};
use bridge_types::{ClientId, Clock, KeyId, TokenId};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How many requests may wait for the store. One more is told to come back later.
const MAX_WAITING: usize = 1024;

/// How many ids one write takes.
const MAX_BATCH: usize = 256;

/// How many ids are known without asking the store. Beyond it the store alone knows.
const MAX_SEEN: usize = 16_384;

const PURGE_EVERY: Duration = Duration::from_mins(1);

/// A client that proved who it is, with an assertion that nobody had used before. Only [`ReplayGuard`] makes one.
pub(crate) struct AuthenticatedClient {
    client: Arc<Client>,
    key: Option<KeyId>,
    revisions: Revisions,
}

impl AuthenticatedClient {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The key of its own that it signed its assertion with; none when its platform signed.
    pub(crate) fn key(&self) -> Option<&KeyId> {
        self.key.as_ref()
    }

    /// How new the state is at the least on which its token may be made.
    pub(crate) fn revisions(&self) -> Revisions {
        self.revisions
    }
}

/// Sees to it that a client assertion is used once (RFC 7523 §3, item 7), over restarts too.
///
/// Group commit: one task takes every claim that waits and writes them together, so that one durable write serves many
/// requests, and none of them goes on before that write is done. A claim that finds the task idle is written at once.
pub(crate) struct ReplayGuard {
    queue: mpsc::Sender<Claim>,
    stopping: Arc<Notify>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Claim {
    used: UsedAssertion,
    answer: oneshot::Sender<Result<Verdict, Arc<StoreFailure>>>,
}

enum Verdict {
    New(Revisions),
    Replayed,
}

impl ReplayGuard {
    /// Starts the writing task on the current runtime. It ends with [`Self::stop`], or when the guard is dropped.
    pub(crate) fn start(store: Arc<dyn IssuerStore>, clock: Arc<dyn Clock>) -> Self {
        let (queue, claims) = mpsc::channel(MAX_WAITING);
        let stopping = Arc::new(Notify::new());
        let writer = Writer { since: (clock.now(), clock.monotonic()), store, clock, seen: HashMap::new() };
        let task = tokio::spawn(writer.run(claims, Arc::clone(&stopping)));
        Self { queue, stopping, writer: Mutex::new(Some(task)) }
    }

    /// Uses an assertion up. On an outage it may or may not count as used.
    pub(crate) async fn claim(&self, assertion: VerifiedAssertion) -> Result<AuthenticatedClient, TokenError> {
        let VerifiedAssertion { client, key, used } = assertion;
        let (answer, verdict) = oneshot::channel();
        self.queue.try_send(Claim { used, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Outage::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Outage::Stopping,
        })?;
        match verdict.await {
            Ok(Ok(Verdict::New(revisions))) => Ok(AuthenticatedClient { client, key, revisions }),
            Ok(Ok(Verdict::Replayed)) => Err(ClientDefect::Replayed.into()),
            Ok(Err(failure)) => Err(Outage::Store(failure).into()),
            Err(_) => Err(Outage::Stopping.into()),
        }
    }

    /// Takes no more claims, answers those that wait, and ends the task.
    pub(crate) async fn stop(&self) {
        self.stopping.notify_one();
        let task = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A task that panicked has ended too.
            let _ = task.await;
        }
    }
}

struct Writer {
    store: Arc<dyn IssuerStore>,
    clock: Arc<dyn Clock>,
    since: (Timestamp, Duration),
    /// Ids that are durably claimed, until when. Spares the store the replays of a burst.
    seen: HashMap<(ClientId, TokenId), Timestamp>,
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Claim>, stopping: Arc<Notify>) {
        let mut purge = interval(PURGE_EVERY);
        purge.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut claims = Vec::with_capacity(MAX_BATCH);
        loop {
            tokio::select! {
                biased;
                () = stopping.notified() => queue.close(),
                _ = purge.tick() => self.purge().await,
                count = queue.recv_many(&mut claims, MAX_BATCH) => match count {
                    0 => return,
                    _ => self.decide(claims.drain(..)).await,
                },
            }
        }
    }

    async fn decide(&mut self, claims: impl Iterator<Item = Claim>) {
        let (mut batch, mut waiting) = (Vec::new(), Vec::new());
        for Claim { used, answer } in claims {
            if self.seen.contains_key(&(used.client.clone(), used.id.clone())) {
                reply(answer, Ok(Verdict::Replayed));
            } else {
                batch.push(used);
                waiting.push(answer);
            }
        }
        if batch.is_empty() {
            return;
        }
        match self.store.claim_assertions(&batch).await {
            Ok(Claims { new, revisions }) => {
                for ((used, answer), new) in batch.into_iter().zip(waiting).zip(new) {
                    self.remember(used);
                    reply(answer, Ok(if new { Verdict::New(revisions) } else { Verdict::Replayed }));
                }
            }
            Err(failure) => {
                let failure = Arc::new(failure);
                for answer in waiting {
                    reply(answer, Err(Arc::clone(&failure)));
                }
            }
        }
    }

    fn remember(&mut self, used: UsedAssertion) {
        if self.seen.len() < MAX_SEEN {
            self.seen.insert((used.client, used.id), used.remember_until);
        }
    }

    async fn purge(&mut self) {
        let before = self.surely_past();
        self.seen.retain(|_, remember_until| *remember_until >= before);
        if let Err(failure) = self.store.purge_assertions(before).await {
            tracing::error!(target: "bridge", event = "assertions_purge_failed", outcome = "error", "{failure}");
        }
    }

    /// A moment that has passed even if the time of day was stepped forward by mistake: the earlier of the time of day
    /// and of what it would be without steps since the start. An id forgotten too early could be replayed once the
    /// clock is set right again.
    fn surely_past(&self) -> Timestamp {
        let (start, offset) = self.since;
        let now = self.clock.now();
        let unstepped = start.checked_add(self.clock.monotonic().saturating_sub(offset));
        unstepped.map_or(now, |unstepped| unstepped.min(now))
    }
}

/// A request that went away in the meantime needs no answer.
fn reply(answer: oneshot::Sender<Result<Verdict, Arc<StoreFailure>>>, verdict: Result<Verdict, Arc<StoreFailure>>) {
    let _ = answer.send(verdict);
}
