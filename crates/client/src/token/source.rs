use super::bearer::BearerToken;
use super::error::{FailedAttempt, TokenError, TokenFailure};
use super::request::Requester;
use super::slot::{Boarding, Landing, Need, Outcome, Slot};
use super::slots::Slots;
use crate::{Credential, OutboundHttp};
use bridge_types::{Audience, ClientId, Clock, OwnIssuer, ScopeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The tokens of one client of the own company: asked for when needed, kept, and renewed before they expire.
///
/// There is one slot for each audience and set of scopes. For each slot one request is under way at most, however many
/// callers wait, and after a failure nobody asks again until a jittered, growing pause or the issuer's `Retry-After` is
/// over. From about two thirds of a token's life on, its next use starts the renewal in the background; a slot that is
/// not used lapses. Cloning shares everything.
///
/// It takes an [`OwnIssuer`], and finds the token endpoint in that issuer's metadata: a partner's token endpoint cannot
/// be given.
#[derive(Debug, Clone)]
pub struct TokenSource(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    requester: Requester,
    slots: Slots,
    runtime: Handle,
}

impl TokenSource {
    /// A source without tokens. Sends nothing yet, so the issuer may start later.
    ///
    /// # Panics
    /// Outside of a tokio runtime. Requests run on the runtime of the caller of this function, not on that of whoever
    /// needs a token first, so that nobody's end ends them.
    pub fn new(issuer: OwnIssuer, credential: Credential, http: OutboundHttp, clock: Arc<dyn Clock>) -> Self {
        let requester = Requester::new(issuer, credential, http, clock);
        Self(Arc::new(Shared { requester, slots: Slots::default(), runtime: Handle::current() }))
    }

    /// A token for one API with exactly these scopes. Safe to cancel: the request of the others goes on.
    ///
    /// # Errors
    /// [`TokenError`], when there is no token that has not expired and the own issuer gives none. Never an expired token.
    pub async fn token(&self, audience: &Audience, scopes: &ScopeSet) -> Result<BearerToken, TokenError> {
        match self.cached(audience, scopes) {
            Some(token) => Ok(token),
            None => self.obtain(audience, scopes, Need::Any).await,
        }
    }

    /// The token that is at hand, without waiting. Starts its renewal when that is due.
    pub fn cached(&self, audience: &Audience, scopes: &ScopeSet) -> Option<BearerToken> {
        let now = self.clock().monotonic();
        self.0.slots.with(audience, scopes, |slot| {
            let token = slot.token(now)?;
            if slot.is_due(now) {
                self.board(slot, Need::Ahead, now);
            }
            Some(token)
        })
    }

    /// A token in place of one that the partner refused with `invalid_token` (RFC 6750 §3.1).
    ///
    /// Many callers with the same refused token cause one request, and none when it has been replaced since. Forced
    /// renewals of a slot are at least a second apart; in between the refused token itself comes back, which
    /// [`BearerToken::is_same`] tells.
    ///
    /// # Errors
    /// [`TokenError`], when the own issuer gives no new token.
    pub async fn replace(&self, refused: &BearerToken) -> Result<BearerToken, TokenError> {
        self.obtain(refused.audience(), refused.scopes(), Need::Replacement(refused)).await
    }

    /// Like [`Self::replace`], without waiting: whoever asks next gets the new token.
    pub(crate) fn replace_later(&self, refused: &BearerToken) {
        let now = self.clock().monotonic();
        let slot = self.0.slots.find_or_add(refused.audience(), refused.scopes(), now);
        drop(self.board(&slot, Need::Replacement(refused), now));
    }

    /// The client whose tokens these are.
    pub fn client_id(&self) -> &ClientId {
        self.0.requester.credential.client_id()
    }

    /// The own issuer.
    pub fn issuer(&self) -> &OwnIssuer {
        &self.0.requester.issuer
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.requester.clock
    }

    async fn obtain(&self, audience: &Audience, scopes: &ScopeSet, need: Need<'_>) -> Outcome {
        let now = self.clock().monotonic();
        let slot = self.0.slots.find_or_add(audience, scopes, now);
        match self.board(&slot, need, now) {
            Boarding::Held(token) => Ok(token),
            Boarding::Patience(error) => Err(error),
            Boarding::Wait(mut flight) => match flight.wait_for(Option::is_some).await {
                Ok(landed) => landed.clone().unwrap_or(Err(TokenError::Stopping)),
                Err(_) => Err(TokenError::Stopping),
            },
        }
    }

    fn board(&self, slot: &Arc<Slot>, need: Need<'_>, now: Duration) -> Boarding {
        slot.board(need, self.issuer().url(), now, |landing| {
            self.0.runtime.spawn(fly(Arc::clone(&self.0), Arc::clone(slot), landing));
        })
    }
}

/// One request, in a task of its own.
async fn fly(shared: Arc<Shared>, slot: Arc<Slot>, landing: Landing) {
    let Requester { issuer, clock, .. } = &shared.requester;
    let started = clock.monotonic();
    // In a task of its own again: a panic there is a failed attempt, with a pause after it, and not the end of the process.
    let (asking, asked) = (Arc::clone(&shared), Arc::clone(&slot));
    let request = async move { asking.requester.request(&asked.audience, &asked.scopes).await };
    let attempt = match shared.runtime.spawn(request).await {
        Ok(attempt) => attempt,
        Err(ended) if ended.is_panic() => Err(FailedAttempt { cause: TokenFailure::Panicked, retry_after: None }),
        Err(_) => return,
    };
    let outcome = slot.land(attempt, issuer.url(), &**clock);
    let now = clock.monotonic();
    shared.report(&slot, &outcome, now.saturating_sub(started));
    landing.send_replace(Some(outcome));
    shared.slots.prune(now);
}

impl Shared {
    fn report(&self, slot: &Slot, outcome: &Outcome, latency: Duration) {
        let Slot { audience, scopes, .. } = slot;
        let iss = self.requester.issuer.url();
        let client_id = self.requester.credential.client_id();
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        match outcome {
            Ok(token) => {
                metrics::counter!("bridge_client_token_requests_total", "outcome" => "ok").increment(1);
                tracing::info!(target: "bridge", event = "token_obtained", outcome = "ok", %iss, %client_id, aud = %audience,
                    scope = %scopes, token = %token.fingerprint(), latency_us, "token obtained");
            }
            Err(error) => {
                metrics::counter!("bridge_client_token_requests_total", "outcome" => error.reason()).increment(1);
                let left = slot.remaining(self.requester.clock.monotonic());
                let detail = match left {
                    Some(left) => format!("{error}; the token at hand serves for another {left:.0?}"),
                    None => format!("{error}; there is no token to go on with"),
                };
                tracing::error!(target: "bridge", event = "token_request_failed", outcome = "error", reason = error.reason(),
                    %iss, %client_id, aud = %audience, scope = %scopes, latency_us, detail, "token request failed");
            }
        }
    }
}
