use crate::config::TokenLimits;
use crate::error::{RateLimited, TokenError};
use crate::replay::AuthenticatedClient;
use bridge_limits::{AddressLimiter, Limiters, PeerAddress};
use bridge_types::{ClientId, Clock};
use std::sync::Arc;

/// Counts what callers ask of the token endpoint.
pub(crate) struct Bounds {
    clients: Limiters<ClientId>,
    refusals: AddressLimiter,
}

impl Bounds {
    pub(crate) fn new(limits: TokenLimits, clock: &Arc<dyn Clock>) -> Self {
        Self {
            clients: Limiters::new(limits.tokens_per_client, Arc::clone(clock)),
            refusals: AddressLimiter::new(limits.refusals_per_address, Arc::clone(clock)),
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
}
