use super::record::UNKNOWN;
use crate::access::Authenticated;
use crate::denial::{Denial, Refusal};
use crate::reason::Reason;
use bridge_limits::{AddressLimiter, Exceeded, Limiters, Line, LineBudget, PeerAddress, Rate};
use bridge_types::{ClientId, Clock, IssuerUrl};
use std::sync::Arc;

/// How much callers may ask of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Requests of one client, by the pair of issuer and client id, unless the policy says otherwise. Default: 500.
    pub requests_per_client: Rate,
    /// Refused requests of one address, by the address of the connection. Default: 100.
    pub refusals_per_address: Rate,
    /// Lines in the log for refusals of one partner for one reason; one line more says how many were left out. Default: 20.
    pub logged_refusals: Rate,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            requests_per_client: Rate::per_second(500),
            refusals_per_address: Rate::per_second(100),
            logged_refusals: Rate::per_second(20),
        }
    }
}

/// Counts what callers ask of an API.
#[derive(Debug)]
pub(super) struct Bounds {
    clients: Limiters<(IssuerUrl, ClientId)>,
    refusals: AddressLimiter,
    lines: LineBudget<Kind>,
}

/// Refusals that look alike to an operator. Made of constants and configured names: there are few.
type Kind = (Reason, Option<Arc<str>>);

impl Bounds {
    pub(super) fn new(limits: RequestLimits, clock: &Arc<dyn Clock>) -> Self {
        Self {
            clients: Limiters::new(limits.requests_per_client, Arc::clone(clock)),
            refusals: AddressLimiter::new(limits.refusals_per_address, Arc::clone(clock)),
            lines: LineBudget::new(limits.logged_refusals, Arc::clone(clock)),
        }
    }

    /// The authenticated client, provided that it keeps to its rate. Counted after its token was verified, so that
    /// nobody uses up what belongs to another by naming it.
    pub(super) fn admit(&self, authenticated: Authenticated) -> Result<Authenticated, Denial> {
        let access = &authenticated.0;
        let limiter = access.limiter.get_or_init(|| {
            let (issuer, client) = (&access.claims.iss, &access.claims.client_id);
            let own = access.partner.policy().rates.get(client).copied();
            self.clients.of(&(issuer.clone(), client.clone()), own)
        });
        match limiter.check() {
            Ok(()) => Ok(authenticated),
            Err(Exceeded { retry_after }) => {
                let detail = format!("this client sends more than {}", limiter.rate());
                Err(Denial::new(Refusal::new(Reason::RateLimited, detail).retry_after(retry_after), access.facts()))
            }
        }
    }

    /// The refusal of a request from this address, or another one once too many were refused.
    ///
    /// The request was judged all the same, so a caller with a good token is served whatever else comes from its
    /// address, which many may share.
    pub(super) fn refuse(&self, denial: Denial, address: PeerAddress) -> Denial {
        if matches!(denial.reason(), Reason::KeysUnavailable | Reason::RateLimited) {
            return denial;
        }
        match self.refusals.check(address) {
            Ok(()) => denial,
            Err(Exceeded { retry_after }) => {
                let detail = format!("too many refusals to {address}; this one is for {}", denial.reason());
                Denial::new(Refusal::new(Reason::RateLimited, detail).retry_after(retry_after), denial.facts().clone())
            }
        }
    }

    /// True when a refusal is to be written down, and not only counted. Says first how many like it were not.
    pub(super) fn is_written_down(&self, denial: &Denial) -> bool {
        let kind = (denial.reason(), denial.facts().partner.clone());
        match self.lines.line(kind.clone()) {
            Line::Write => true,
            Line::WriteAfter(left_out) => {
                log_left_out(&kind, left_out);
                true
            }
            Line::Suppress => false,
        }
    }

    /// Says what was left out in a second that is over.
    pub(super) fn log_left_out(&self) {
        self.lines.left_out().iter().for_each(|(kind, left_out)| log_left_out(kind, *left_out));
    }
}

impl Drop for Bounds {
    /// With the last gate, all that was left out is told.
    fn drop(&mut self) {
        self.lines.all_left_out().iter().for_each(|(kind, left_out)| log_left_out(kind, *left_out));
    }
}

fn log_left_out((reason, partner): &Kind, suppressed: u64) {
    tracing::warn!(
        target: "bridge",
        event = "decisions_suppressed",
        outcome = "deny",
        reason = reason.as_str(),
        partner = partner.as_deref().unwrap_or(UNKNOWN),
        suppressed,
        "refusals were counted and not written down one by one"
    );
}
