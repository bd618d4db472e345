use crate::config::TokenLimits;
use crate::error::{RateLimited, TokenError};
use crate::replay::AuthenticatedClient;
use bridge_limits::{AddressLimiter, Limiters, Line, LineBudget, PeerAddress};
use bridge_types::{ClientId, Clock};
use std::sync::Arc;

/// Counts what callers ask of the token endpoint.
pub(crate) struct Bounds {
    clients: Limiters<ClientId>,
    refusals: AddressLimiter,
    /// By [`TokenError::detail`], of which there are a few dozen.
    lines: LineBudget<&'static str>,
}

impl Bounds {
    pub(crate) fn new(limits: TokenLimits, clock: &Arc<dyn Clock>) -> Self {
        Self {
            clients: Limiters::new(limits.tokens_per_client, Arc::clone(clock)),
            refusals: AddressLimiter::new(limits.refusals_per_address, Arc::clone(clock)),
            lines: LineBudget::new(limits.logged_refusals, Arc::clone(clock)),
        }
    }

    /// The client, provided that it keeps to its rate. It is counted once it has proved who it is with an assertion that
    /// nobody used before, so that nobody uses up what belongs to another by naming it or by repeating it.
    pub(crate) fn admit(&self, client: AuthenticatedClient) -> Result<AuthenticatedClient, TokenError> {
        let limiter = self.clients.of(client.client().id(), None);
        limiter.check().map_err(|exceeded| TokenError::RateLimited(RateLimited::Client(exceeded)))?;
        Ok(client)
    }

    /// The refusal of a request from this address, or another one once too many were refused.
    ///
    /// The request was judged all the same, so a client with a good assertion gets its token whatever else comes from its
    /// address, which many may share.
    pub(crate) fn refuse(&self, error: TokenError, address: PeerAddress) -> TokenError {
        if matches!(error, TokenError::Unavailable(_) | TokenError::RateLimited(_)) {
            return error;
        }
        match self.refusals.check(address) {
            Ok(()) => error,
            Err(exceeded) => TokenError::RateLimited(RateLimited::Address { detail: error.detail(), exceeded }),
        }
    }

    /// True when a refusal is to be written down, and not only counted. Says first how many like it were not.
    pub(crate) fn is_written_down(&self, error: &TokenError) -> bool {
        match self.lines.line(error.detail()) {
            Line::Write => true,
            Line::WriteAfter(left_out) => {
                log_left_out(error.detail(), left_out);
                true
            }
            Line::Suppress => false,
        }
    }

    /// Says what was left out in a second that is over.
    pub(crate) fn log_left_out(&self) {
        self.lines.left_out().iter().for_each(|(detail, left_out)| log_left_out(detail, *left_out));
    }
}

impl Drop for Bounds {
    fn drop(&mut self) {
        self.lines.all_left_out().iter().for_each(|(detail, left_out)| log_left_out(detail, *left_out));
    }
}

fn log_left_out(detail: &str, suppressed: u64) {
    tracing::warn!(target: "bridge", event = "token_refusals_suppressed", outcome = "deny", detail, suppressed,
        "refusals were counted and not written down one by one");
}
