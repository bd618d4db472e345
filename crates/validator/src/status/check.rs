use super::IssuerStatus;
use super::slot::{Entry, ListSlot};
use crate::access::VerifiedAccess;
use crate::denial::Refusal;
use crate::keys::{Demand, IssuerKeys};
use crate::policy::TrustPolicy;
use crate::reason::Reason;
use bridge_jose::StatusReference;
use bridge_jose::profile::AccessTokenClaims;
use bridge_types::KeyId;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// That a token was not revoked when it was looked at, and how to see quickly whether it has been since.
#[derive(Debug)]
pub(crate) struct StatusCheck {
    /// The epoch of the notices under which the token was last found good.
    epoch: AtomicU64,
    /// Its list, and its index there; absent when the policy accepts tokens without.
    entry: Option<(Arc<ListSlot>, u64)>,
}

impl IssuerStatus {
    /// Finds out whether a token that was just verified was revoked (draft-ietf-oauth-status-list §8.3).
    ///
    /// What was pushed counts before what a list says, so that a revoked token is called revoked also while its list
    /// cannot be had. A list that is not held is fetched in the background; the request does not wait for it.
    ///
    /// # Errors
    /// [`Reason::StatusNotAccepted`], [`Reason::TokenRevoked`], [`Reason::StatusUnavailable`].
    pub(crate) fn admit(
        self: &Arc<Self>,
        claims: &AccessTokenClaims,
        kid: &KeyId,
        policy: &TrustPolicy,
        keys: &Arc<IssuerKeys>,
    ) -> Result<StatusCheck, Refusal> {
        let reference = accepted_reference(claims, policy)?;
        if !self.is_recalled() {
            return Err(unavailable("what was revoked earlier has not been read yet", Duration::ZERO));
        }
        let epoch = self.notices.epoch();
        if let Some(detail) = self.notices.find(claims, kid) {
            return Err(Refusal::new(Reason::TokenRevoked, detail));
        }
        let entry = reference.map(|reference| self.look_up(reference, keys)).transpose()?;
        Ok(StatusCheck { epoch: AtomicU64::new(epoch), entry })
    }

    fn look_up(
        self: &Arc<Self>,
        reference: &StatusReference,
        keys: &Arc<IssuerKeys>,
    ) -> Result<(Arc<ListSlot>, u64), Refusal> {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let slot = self
            .lists
            .named(&reference.uri, monotonic)
            .ok_or_else(|| unavailable("the issuer refers to more status lists than are held", Duration::ZERO))?;
        match slot.entry(reference.idx, now, monotonic) {
            Entry::Valid => Ok((slot, reference.idx)),
            Entry::Revoked => Err(Refusal::new(Reason::TokenRevoked, "the status list says that it is not valid")),
            Entry::Absent => Err(Refusal::new(
                Reason::StatusNotAccepted,
                format!("{} has no index {}", reference.uri, reference.idx),
            )),
            Entry::Unknown => {
                let demand = slot.progress().schedule.demand(monotonic, false, keys.timing());
                if let Demand::Start { ticket, .. } = demand {
                    self.launch(&slot, keys, None, ticket);
                }
                let wait = slot.progress().schedule.retry_after(monotonic);
                Err(unavailable(format!("no status list of {} that says anything now", reference.uri), wait))
            }
        }
    }
}

impl StatusCheck {
    /// True while nothing has been revoked of a token that was found good before. Neither locks nor hashes anything
    /// unless a notice has come since the last look.
    pub(crate) fn holds(
        &self,
        access: &VerifiedAccess,
        status: &IssuerStatus,
        now: Timestamp,
        monotonic: Duration,
    ) -> bool {
        let epoch = status.notices.epoch();
        if epoch != self.epoch.load(Ordering::Relaxed) {
            if status.notices.find(&access.claims, &access.kid).is_some() {
                return false;
            }
            self.epoch.store(epoch, Ordering::Relaxed);
        }
        self.entry.as_ref().is_none_or(|(slot, idx)| slot.entry(*idx, now, monotonic) == Entry::Valid)
    }
}

/// Where the status of the token stands, provided that the policy accepts that place. A policy without hosts accepts none,
/// and one with hosts accepts no token without a status.
fn accepted_reference<'c>(
    claims: &'c AccessTokenClaims,
    policy: &TrustPolicy,
) -> Result<Option<&'c StatusReference>, Refusal> {
    let refuse = |detail: String| Err(Refusal::new(Reason::StatusNotAccepted, detail));
    let hosts = &policy.status_list_hosts;
    let Some(reference) = claims.status.as_ref().map(|status| &status.status_list) else {
        return if hosts.is_empty() {
            Ok(None)
        } else {
            refuse(format!("expected a status list on one of {hosts:?}, found a token without status"))
        };
    };
    if !reference.uri.is_secure() {
        return refuse(format!("expected a status list over https, found {}", reference.uri));
    }
    if !hosts.contains(&reference.uri.host()) {
        return refuse(format!("expected a status list on one of {hosts:?}, found {}", reference.uri));
    }
    Ok(Some(reference))
}

/// Whole seconds, rounded up, and one at least: who comes back a moment too early is refused again.
fn unavailable(detail: impl Into<std::borrow::Cow<'static, str>>, wait: Duration) -> Refusal {
    let seconds = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
    Refusal::new(Reason::StatusUnavailable, detail).retry_after(Duration::from_secs(seconds))
}
