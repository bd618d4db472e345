use super::block::Block;
use super::stock::{Stocks, Taken, Ticket};
use super::{BlockWanted, StatusStore};
use crate::discovery::Endpoints;
use crate::error::{Outage, TokenError};
use crate::{IssuerConfig, StoreFailure};
use bridge_types::{ClientId, Clock, IssuerUrl};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How long a block may be used from its reservation on, or from the last time it was prolonged.
const LEASE: SignedDuration = SignedDuration::from_mins(15);
/// How often blocks are prolonged and old lists forgotten.
const TIDY_EVERY: Duration = Duration::from_mins(1);
/// How much longer than its longest-lived token a list is kept: clocks of replicas and partners differ.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);
/// How many orders may wait, and how many one write takes.
const MAX_ORDERS: usize = 1024;
/// How many times a token may find the block that it waited for used up by others.
const ATTEMPTS: usize = 3;
/// How long a token waits for a block when none is at hand.
const PATIENCE: Duration = Duration::from_secs(10);

type Outcome = Result<(), Arc<StoreFailure>>;
type Done = oneshot::Sender<Outcome>;

/// Where tokens get their indices. Dropping it ends the task behind it.
pub(crate) struct Indices {
    stocks: Arc<Stocks>,
    requests: mpsc::Sender<Request>,
    clock: Arc<dyn Clock>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

/// What the keeper is asked for.
enum Request {
    /// To find out how clients stand now.
    Review(Done),
    /// To have indices ready.
    Block(Order),
}

/// Asks for a block for a client.
struct Order {
    client: ClientId,
    done: Option<Done>,
}

impl Indices {
    /// Starts the task that reserves blocks, with one block for each of these clients to begin with.
    ///
    /// # Errors
    /// When the store does not say which clients are disabled: without that no token may be issued.
    pub(crate) async fn start(
        issuer: &IssuerUrl,
        store: Arc<dyn StatusStore>,
        clock: Arc<dyn Clock>,
        clients: impl Iterator<Item = ClientId>,
    ) -> Result<Self, StoreFailure> {
        let stocks = Arc::new(Stocks::default());
        let (requests, received) = mpsc::channel(MAX_ORDERS);
        let endpoints = Endpoints::of(issuer);
        let keeper = Keeper { store, clock: Arc::clone(&clock), stocks: Arc::clone(&stocks), endpoints };
        keeper.review().await?;
        keeper.serve(clients.take(MAX_ORDERS).map(|client| Order { client, done: None }).collect()).await;
        let keeper = Mutex::new(Some(tokio::spawn(keeper.run(received))));
        Ok(Self { stocks, requests, clock, keeper })
    }

    /// Has a block ready for each of these clients before it is needed. For as many as one write takes; the others get
    /// theirs with their first token.
    pub(crate) fn expect(&self, clients: impl Iterator<Item = ClientId>) {
        let now = self.clock.now();
        for client in clients.filter(|client| self.stocks.lacks(client, now)) {
            if self.requests.try_send(Request::Block(Order { client, done: None })).is_err() {
                return;
            }
        }
    }

    /// An index for a token of this client, on what is known of clients at least as of `revision`. Waits for the store
    /// only when none is at hand: for the first token of a client that [`Self::expect`] did not know, and right after
    /// something was decided about clients.
    pub(crate) async fn take(&self, client: &ClientId, revision: i64) -> Result<Ticket, TokenError> {
        for _ in 0..ATTEMPTS {
            match self.stocks.take(client, revision, self.clock.now()) {
                Taken::Ticket(ticket) => return Ok(ticket),
                Taken::Last(ticket) => {
                    let order = Order { client: client.clone(), done: None };
                    if self.requests.try_send(Request::Block(order)).is_err() {
                        self.stocks.give_up_order(client);
                    }
                    return Ok(ticket);
                }
                Taken::Disabled => return Err(TokenError::UnauthorizedClient),
                Taken::Behind => self.wait_for(Request::Review).await?,
                Taken::None => {
                    let client = client.clone();
                    self.wait_for(|done| Request::Block(Order { client, done: Some(done) })).await?;
                }
            }
        }
        Err(Outage::Overloaded.into())
    }

    async fn wait_for(&self, request: impl FnOnce(Done) -> Request) -> Result<(), TokenError> {
        let (done, answer) = oneshot::channel();
        self.requests.try_send(request(done)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Outage::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Outage::Stopping,
        })?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(outcome)) => Ok(outcome.map_err(Outage::Store)?),
            Ok(Err(_)) => Err(Outage::Stopping.into()),
            Err(_) => Err(Outage::Overloaded.into()),
        }
    }

    /// Reserves no more blocks.
    pub(crate) fn stop(&self) {
        if let Some(keeper) = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take() {
            keeper.abort();
        }
    }
}

impl Drop for Indices {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The one task that reserves blocks for this process and follows how clients stand.
struct Keeper {
    store: Arc<dyn StatusStore>,
    clock: Arc<dyn Clock>,
    stocks: Arc<Stocks>,
    endpoints: Endpoints,
}

impl Keeper {
    async fn run(self, mut requests: mpsc::Receiver<Request>) {
        let mut changes = self.store.client_changes();
        let mut tidy = interval(TIDY_EVERY);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut received = Vec::new();
        let mut following = true;
        loop {
            tokio::select! {
                biased;
                moved = changes.changed(), if following => {
                    following = moved.is_ok();
                    if let Err(failure) = self.review().await {
                        report(&failure, "how clients stand cannot be read");
                        changes.mark_changed();
                        tokio::time::sleep(Duration::from_millis(250)).await;
                    }
                }
                count = requests.recv_many(&mut received, MAX_ORDERS) => match count {
                    0 => return,
                    _ => self.answer(std::mem::take(&mut received)).await,
                },
                _ = tidy.tick() => self.tidy().await,
            }
        }
    }

    async fn answer(&self, requests: Vec<Request>) {
        let (mut reviews, mut orders) = (Vec::new(), Vec::new());
        for request in requests {
            match request {
                Request::Review(done) => reviews.push(done),
                Request::Block(order) => orders.push(order),
            }
        }
        if !reviews.is_empty() {
            let outcome = self.review().await.map_err(Arc::new);
            for done in reviews {
                reply(done, outcome.clone());
            }
        }
        self.serve(orders).await;
    }

    /// Takes over how clients stand now, and sees to it that who lost its indices gets others.
    async fn review(&self) -> Result<(), StoreFailure> {
        let standing = self.store.standing(&self.stocks.held()).await?;
        let emptied = self.stocks.adopt(standing);
        if !emptied.is_empty() {
            self.serve(emptied.into_iter().map(|client| Order { client, done: None }).collect()).await;
        }
        Ok(())
    }

    async fn serve(&self, orders: Vec<Order>) {
        let (now, age) = (self.clock.now(), self.clock.monotonic());
        let mut waiting: BTreeMap<ClientId, Vec<Done>> = BTreeMap::new();
        for Order { client, done } in orders {
            waiting.entry(client).or_default().extend(done);
        }
        // Who only waits may have been served while it stood in line; who orders ahead has been counted already.
        waiting.retain(|client, done| {
            let served = !done.is_empty() && !self.stocks.lacks(client, now);
            if served {
                done.drain(..).for_each(|done| reply(done, Ok(())));
            }
            !served
        });
        if waiting.is_empty() {
            return;
        }
        let outcome = self.reserve(waiting.keys(), now, age).await.map_err(Arc::new);
        if let Err(failure) = &outcome {
            report(failure, "no indices for tokens could be reserved");
            for client in waiting.keys() {
                self.stocks.give_up_order(client);
            }
        }
        waiting.into_values().flatten().for_each(|done| reply(done, outcome.clone()));
    }

    async fn reserve(
        &self,
        clients: impl Iterator<Item = &ClientId>,
        now: Timestamp,
        age: Duration,
    ) -> Result<(), StoreFailure> {
        let wish = |client: &ClientId| BlockWanted { client: client.clone(), size: self.stocks.next_size(client, age) };
        let wanted: Vec<BlockWanted> = clients.map(wish).collect();
        let used_until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        let reserved = self.store.reserve_blocks(&wanted, used_until).await?;
        let mut disabled = false;
        for (BlockWanted { client, size }, block) in wanted.iter().zip(reserved) {
            let Some(block) = block else {
                disabled = true;
                continue;
            };
            if block.early {
                tracing::warn!(target: "bridge", event = "status_list_early", outcome = "ok", list = block.id.list,
                    "tokens name a status list that partners may not have fetched yet: they use up indices very fast");
            }
            let uri = self.endpoints.status_list(block.id.list).map_err(|error| StoreFailure(error.into()))?;
            let block = Block::shuffled(block.id, *size, uri, used_until)
                .ok_or_else(|| StoreFailure("the system gives no random numbers".into()))?;
            self.stocks.fill(client, block, age);
        }
        if disabled {
            // The store knew before this process did.
            self.stocks.adopt(self.store.standing(&self.stocks.held()).await?);
        }
        Ok(())
    }

    /// Prolongs what is at hand and forgets lists that no living token names.
    async fn tidy(&self) {
        let now = self.clock.now();
        let held = self.stocks.held();
        let used_until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        match self.store.hold_blocks(&held, used_until).await {
            Ok(()) => self.stocks.hold(&held, used_until),
            Err(failure) => report(&failure, "the indices at hand could not be prolonged"),
        }
        let longest = SignedDuration::try_from(IssuerConfig::MAX_LIFETIME).unwrap_or(SignedDuration::MAX);
        let unused_since = now.saturating_sub(longest.saturating_add(MARGIN)).unwrap_or(Timestamp::MIN);
        match self.store.retire_status_lists(unused_since).await {
            Ok(0) => {}
            Ok(lists) => tracing::info!(target: "bridge", event = "status_lists_retired", outcome = "ok", lists,
                "status lists were forgotten: no token that names them can be alive"),
            Err(failure) => report(&failure, "old status lists could not be forgotten"),
        }
    }
}

fn report(failure: &StoreFailure, what: &str) {
    tracing::error!(target: "bridge", event = "status_store_failed", outcome = "error", detail = %failure, "{what}");
}

/// A request that went away in the meantime needs no answer.
fn reply(done: Done, outcome: Outcome) {
    let _ = done.send(outcome);
}
