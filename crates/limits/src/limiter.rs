use crate::{PeerAddress, Rate};
use bridge_types::Clock;
use governor::clock::{Clock as Readings, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, RateLimiter};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many addresses are told apart. Further ones share one allowance until some of the known ones were quiet.
const MAX_ADDRESSES: usize = 16_384;

/// Somebody asked for more than its rate allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// In how many whole seconds a request is let in again; at least one.
    pub retry_after: Duration,
}

/// The rate of one client. Asking takes no lock.
pub struct Limiter {
    rate: Rate,
    inner: RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Duration>>,
}

impl Limiter {
    /// A client that was quiet until now.
    pub fn new(rate: Rate, clock: Arc<dyn Clock>) -> Self {
        Self { rate, inner: RateLimiter::new(rate.quota(), InMemoryState::default(), Monotonic(clock)) }
    }

    /// The rate.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Counts one request.
    ///
    /// # Errors
    /// When the rate is used up. Such a request does not count.
    pub fn check(&self) -> Result<(), Exceeded> {
        self.inner.check().map_err(|until| exceeded(&until, self.inner.clock()))
    }
}

/// A limiter for each of the keys that a configuration knows. Nothing but such keys may be asked for: none is forgotten.
pub struct Limiters<K> {
    default: Rate,
    clock: Arc<dyn Clock>,
    table: Mutex<HashMap<K, Arc<Limiter>>>,
}

impl<K: Clone + Eq + Hash> Limiters<K> {
    /// So many requests a second for each key for which nothing else is said.
    pub fn new(default: Rate, clock: Arc<dyn Clock>) -> Self {
        Self { default, clock, table: Mutex::default() }
    }

    /// The limiter of a key, with the rate of its own if it has one. Another rate than before starts it afresh.
    pub fn of(&self, key: &K, own: Option<Rate>) -> Arc<Limiter> {
        let rate = own.unwrap_or(self.default);
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = table.get(key).filter(|known| known.rate == rate) {
            return Arc::clone(known);
        }
        let limiter = Arc::new(Limiter::new(rate, Arc::clone(&self.clock)));
        table.insert(key.clone(), Arc::clone(&limiter));
        limiter
    }
}

/// The same rate for each address, for at most 16,384 addresses at a time.
pub struct AddressLimiter {
    inner: RateLimiter<PeerAddress, HashMapStateStore<PeerAddress>, Monotonic, NoOpMiddleware<Duration>>,
    tidied: AtomicU64,
}

impl AddressLimiter {
    /// No address has done anything yet.
    pub fn new(rate: Rate, clock: Arc<dyn Clock>) -> Self {
        let inner = RateLimiter::new(rate.quota(), HashMapStateStore::default(), Monotonic(clock));
        Self { inner, tidied: AtomicU64::new(0) }
    }

    /// Counts one request of an address.
    ///
    /// # Errors
    /// When the address has used up its rate. Such a request does not count.
    pub fn check(&self, address: PeerAddress) -> Result<(), Exceeded> {
        let address = if self.is_full() { PeerAddress::UNKNOWN } else { address };
        self.inner.check_key(&address).map_err(|until| exceeded(&until, self.inner.clock()))
    }

    /// True when there is no room for another address, even after those that have been quiet were forgotten. Looking for
    /// them costs a walk over the table, so it is done once a second at most.
    fn is_full(&self) -> bool {
        if self.inner.len() < MAX_ADDRESSES {
            return false;
        }
        let second = self.inner.clock().now().as_secs() + 1;
        if self.tidied.swap(second, Ordering::Relaxed) != second {
            self.inner.retain_recent();
        }
        self.inner.len() >= MAX_ADDRESSES
    }
}

/// Our clock, as governor reads it.
#[derive(Clone)]
struct Monotonic(Arc<dyn Clock>);

impl Readings for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

fn exceeded<C: Readings<Instant = Duration>>(until: &NotUntil<Duration>, clock: &C) -> Exceeded {
    let wait = Duration::from(until.earliest_possible().duration_since(clock.now()));
    Exceeded { retry_after: Duration::from_secs(wait.as_secs() + 1) }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl<K> fmt::Debug for Limiters<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiters").field("default", &self.default).finish_non_exhaustive()
    }
}

impl fmt::Debug for AddressLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressLimiter").field("addresses", &self.inner.len()).finish_non_exhaustive()
    }
}
