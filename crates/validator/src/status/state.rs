use super::IssuerStatus;
use super::event::{EventRefusal, SecurityEventReceipt};
use super::list::ListDefect;
pub use super::notices::NoticeCounts;
use super::store::StatusStoreFailure;
use crate::keys::{LastAttempt, excerpt};
use bridge_jose::{EventSubject, SecurityEventClaims};
use bridge_types::{IssuerUrl, KeyId, StatusListUri};
use jiff::Timestamp;
use serde::Serialize;

/// What an issuer has taken back, for `/readyz`, the operations pages and the partner mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusState {
    /// The partner.
    pub partner: String,
    /// The issuer.
    pub issuer: IssuerUrl,
    /// How many pushed notices are in force.
    pub notices: NoticeCounts,
    /// The lists that tokens may refer to, by address.
    pub lists: Vec<HeldStatusList>,
}

/// A status list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldStatusList {
    /// Its address.
    pub uri: StatusListUri,
    /// True when tokens that refer to it can be accepted now.
    pub usable: bool,
    /// When the copy that is held was made.
    pub iat: Option<Timestamp>,
    /// From when on it says nothing any more.
    pub exp: Option<Timestamp>,
    /// When it was last known to be the right one.
    pub fetched_at: Option<Timestamp>,
    /// The last attempt to fetch it.
    pub last_attempt: Option<LastAttempt>,
}

impl IssuerStatus {
    /// What is held now.
    pub fn state(&self) -> StatusState {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut lists: Vec<_> = self
            .lists
            .all()
            .into_iter()
            .map(|slot| {
                let held = slot.held();
                let last = slot.progress().schedule.last().cloned();
                HeldStatusList {
                    uri: slot.uri.clone(),
                    usable: held.as_ref().is_some_and(|held| held.is_usable(now, monotonic)),
                    iat: held.as_ref().map(|held| held.iat.timestamp()),
                    exp: held.as_ref().map(|held| held.exp.timestamp()),
                    fetched_at: held.as_ref().map(|held| held.fetched_at),
                    last_attempt: last.map(|(at, result)| LastAttempt { at, error: result.err() }),
                }
            })
            .collect();
        lists.sort_by(|a, b| a.uri.cmp(&b.uri));
        StatusState {
            partner: self.partner().to_string(),
            issuer: self.issuer.clone(),
            notices: self.notices.counts(),
            lists,
        }
    }

    /// Publishes how old the oldest list is and how many notices are held. Labels are configured names alone.
    pub(crate) fn measure(&self) {
        let partner = self.partner().to_string();
        let counts = self.notices.counts();
        let notices = counts.tokens + counts.clients + counts.keys + counts.issuer;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        metrics::gauge!("bridge_revocation_notices", "partner" => partner.clone()).set(notices as f64);
        let now = self.clock.now();
        let oldest = self.lists.all().iter().filter_map(|slot| slot.held()).map(|held| held.iat.timestamp()).min();
        if let Some(oldest) = oldest {
            let age = now.duration_since(oldest).as_secs_f64().max(0.0);
            metrics::gauge!("bridge_status_list_age_seconds", "partner" => partner).set(age);
        }
    }

    pub(super) fn count_list(&self, outcome: &'static str) {
        let partner = self.partner().to_string();
        metrics::counter!("bridge_status_list_fetches_total", "partner" => partner, "outcome" => outcome).increment(1);
    }

    pub(super) fn log_list_failure(&self, uri: &StatusListUri, defect: &ListDefect) {
        self.count_list("error");
        tracing::error!(
            target: "bridge",
            event = "status_list_fetch_failed",
            outcome = "error",
            partner = &*self.partner(),
            iss = self.issuer.as_str(),
            url = excerpt(uri.as_str()),
            detail = excerpt(&defect.to_string()),
            "a status list could not be fetched: the one that is held stays in use up to its end"
        );
    }

    pub(super) fn log_discarded(&self, uri: &StatusListUri, kid: &KeyId) {
        tracing::warn!(
            target: "bridge",
            event = "status_list_discarded",
            outcome = "ok",
            partner = &*self.partner(),
            iss = self.issuer.as_str(),
            url = excerpt(uri.as_str()),
            kid = kid.as_str(),
            "the key that signed a status list is not the issuer's any more: the list is fetched again"
        );
    }

    pub(crate) fn log_not_kept(&self, error: &StatusStoreFailure) {
        tracing::error!(
            target: "bridge",
            event = "status_not_kept",
            outcome = "error",
            partner = &*self.partner(),
            iss = self.issuer.as_str(),
            detail = excerpt(&error.to_string()),
            "the store failed: what was revoked stays in force in this process"
        );
    }

    /// One line for each event that was sent, whatever came of it.
    pub(super) fn log_event(
        &self,
        outcome: &Result<(SecurityEventClaims, SecurityEventReceipt), EventRefusal>,
        now: Timestamp,
    ) {
        let partner = self.partner();
        let count = |outcome: &'static str| {
            let partner = partner.to_string();
            metrics::counter!("bridge_security_events_total", "partner" => partner, "outcome" => outcome).increment(1);
        };
        match outcome {
            Ok((claims, receipt)) => {
                count(receipt.as_str());
                let lag = now.duration_since(claims.event.event_timestamp.timestamp()).as_secs_f64().max(0.0);
                metrics::histogram!("bridge_security_event_lag_seconds", "partner" => partner.to_string()).record(lag);
                let (kind, subject) = described(&claims.event.subject);
                let reason_admin = claims.event.reason_admin.as_deref().map(excerpt);
                tracing::warn!(
                    target: "bridge",
                    event = "security_event",
                    outcome = "ok",
                    reason = receipt.as_str(),
                    partner = &*partner,
                    iss = self.issuer.as_str(),
                    jti = excerpt(claims.jti.as_str()),
                    kind,
                    subject = excerpt(subject),
                    reason_admin,
                    "the issuer has told of a revocation"
                );
            }
            Err(refusal) => {
                count(refusal.code().unwrap_or("later"));
                tracing::error!(
                    target: "bridge",
                    event = "security_event",
                    outcome = "error",
                    reason = refusal.code().unwrap_or("later"),
                    partner = &*partner,
                    iss = self.issuer.as_str(),
                    detail = excerpt(&refusal.to_string()),
                    "a security event was not acknowledged"
                );
            }
        }
    }
}

impl SecurityEventReceipt {
    /// A word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Repeated => "repeated",
            Self::Ignored => "ignored",
        }
    }
}

fn described(subject: &EventSubject) -> (&'static str, &str) {
    match subject {
        EventSubject::Token { jti, .. } => ("token", jti.as_str()),
        EventSubject::Client { client } => ("client", client.as_str()),
        EventSubject::Credential { client, .. } => ("credential", client.as_str()),
        EventSubject::Key { kid } => ("key", kid.as_str()),
        EventSubject::Issuer => ("issuer", ""),
        EventSubject::Unknown { event_type } => ("unknown", event_type),
    }
}
