use super::bearer::{BearerToken, Prepared};
use super::error::{FailedAttempt, Outage, TokenError, TokenFailure};
use super::pace::Backoff;
use super::request::Grant;
use arc_swap::ArcSwapOption;
use bridge_types::{Audience, Clock, IssuerUrl, ScopeSet};
use jiff::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a flight keeps callers from asking for another renewal. Longer than any flight takes.
const FLIGHT_CLAIM: Duration = Duration::from_secs(30);
/// Renewals because a partner refused a token come at most this often, whatever the partner says.
const FORCED_RENEWAL_PAUSE: Duration = Duration::from_secs(1);

/// What one request for a token came to; everybody who waited gets a copy.
pub(super) type Outcome = Result<BearerToken, TokenError>;
/// One request that is under way. Its life is the life of its sender: a closed channel is a flight that has ended.
pub(super) type Flight = watch::Receiver<Option<Outcome>>;
/// Where the flight tells its outcome.
pub(super) type Landing = watch::Sender<Option<Outcome>>;

/// The token for one audience and set of scopes, and everything that happens around getting it.
///
/// Reading takes no lock. All decisions (who flies, who waits, who is told to be patient) are made under one.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) audience: Audience,
    pub(super) scopes: ScopeSet,
    token: ArcSwapOption<Prepared>,
    renew_at: AtomicU64,
    used_at: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    flight: Option<Flight>,
    trouble: Option<Trouble>,
    forced_at: Option<Duration>,
}

/// A row of failed attempts.
#[derive(Debug)]
struct Trouble {
    since: Timestamp,
    retry_at: Duration,
    backoff: Backoff,
    cause: Arc<TokenFailure>,
}

/// Why somebody wants a token.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need<'t> {
    /// To call a partner.
    Any,
    /// To have the next token before the present one expires.
    Ahead,
    /// The partner refused this one.
    Replacement(&'t BearerToken),
}

/// What comes of it.
#[derive(Debug)]
pub(super) enum Boarding {
    /// Use this token.
    Held(BearerToken),
    /// Somebody is asking: wait for the answer.
    Wait(Flight),
    /// Asking failed a moment ago; do not ask again yet.
    Patience(TokenError),
}

impl Slot {
    pub(super) fn new(audience: Audience, scopes: ScopeSet, now: Duration) -> Self {
        Self {
            audience,
            scopes,
            token: ArcSwapOption::empty(),
            renew_at: AtomicU64::new(u64::MAX),
            used_at: AtomicU64::new(nanos(now)),
            state: Mutex::default(),
        }
    }

    /// The token, if there is one that has not expired. Marks the slot as used.
    pub(super) fn token(&self, now: Duration) -> Option<BearerToken> {
        self.used_at.store(nanos(now), Ordering::Relaxed);
        let token = self.token.load();
        token.as_ref().filter(|token| now < token.expires_at).map(|token| BearerToken(Arc::clone(token)))
    }

    /// How long the present token may still be used. Asking does not count as use.
    pub(super) fn remaining(&self, now: Duration) -> Option<Duration> {
        let token = self.token.load();
        token.as_ref().and_then(|token| token.expires_at.checked_sub(now)).filter(|left| !left.is_zero())
    }

    /// True when the next token should be on its way.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        nanos(now) >= self.renew_at.load(Ordering::Relaxed)
    }

    pub(super) fn used_at(&self) -> Duration {
        Duration::from_nanos(self.used_at.load(Ordering::Relaxed))
    }

    /// Decides what somebody in need of a token does. Where nobody is asking yet, `take_off` starts a flight that must
    /// [`land`](Self::land) and then tell the outcome; dropping the sender instead ends the flight without one.
    pub(super) fn board(
        &self,
        need: Need<'_>,
        issuer: &IssuerUrl,
        now: Duration,
        take_off: impl FnOnce(Landing),
    ) -> Boarding {
        let mut state = self.state();
        if let Some(token) = self.token(now)
            && self.satisfies(need, &token, &state, now)
        {
            return Boarding::Held(token);
        }
        if let Some(flight) = state.flight() {
            return Boarding::Wait(flight.clone());
        }
        if let Some(trouble) = state.trouble.as_ref().filter(|trouble| now < trouble.retry_at) {
            return Boarding::Patience(trouble.error(issuer, now));
        }
        if let Need::Replacement(_) = need {
            state.forced_at = Some(now);
        }
        self.renew_at.store(nanos(now + FLIGHT_CLAIM), Ordering::Relaxed);
        let (landing, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        take_off(landing);
        Boarding::Wait(flight)
    }

    fn satisfies(&self, need: Need<'_>, token: &BearerToken, state: &State, now: Duration) -> bool {
        match need {
            Need::Any => true,
            Need::Ahead => !self.is_due(now),
            Need::Replacement(refused) => {
                let just_renewed = state.forced_at.is_some_and(|forced_at| now < forced_at + FORCED_RENEWAL_PAUSE);
                !token.is_same(refused) || (just_renewed && state.flight().is_none())
            }
        }
    }

    /// Keeps what a flight brought, and tells it in the words of the callers.
    pub(super) fn land(&self, attempt: Result<Grant, FailedAttempt>, issuer: &IssuerUrl, clock: &dyn Clock) -> Outcome {
        let now = clock.monotonic();
        let mut state = self.state();
        let FailedAttempt { cause, retry_after } = match attempt {
            Ok(Grant { token, renew_at }) => {
                self.renew_at.store(nanos(renew_at), Ordering::Relaxed);
                self.token.store(Some(Arc::clone(&token.0)));
                state.trouble = None;
                return Ok(token);
            }
            Err(failed) => failed,
        };
        let (since, mut backoff) = match state.trouble.take() {
            Some(trouble) => (trouble.since, trouble.backoff),
            None => (clock.now(), Backoff::new()),
        };
        let retry_at = now + backoff.next_delay(retry_after);
        self.renew_at.store(nanos(retry_at), Ordering::Relaxed);
        let trouble = state.trouble.insert(Trouble { since, retry_at, backoff, cause: Arc::new(cause) });
        Err(trouble.error(issuer, now))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn flight(&self) -> Option<&Flight> {
        self.flight.as_ref().filter(|flight| flight.has_changed().is_ok())
    }
}

impl Trouble {
    fn error(&self, issuer: &IssuerUrl, now: Duration) -> TokenError {
        TokenError::new(Outage {
            issuer: issuer.clone(),
            since: self.since,
            retry_in: self.retry_at.saturating_sub(now),
            cause: Arc::clone(&self.cause),
        })
    }
}

/// Good for 584 years of uptime.
fn nanos(age: Duration) -> u64 {
    u64::try_from(age.as_nanos()).unwrap_or(u64::MAX)
}
