//! Word to partners that something of ours is not valid any more: security event tokens (RFC 8417), pushed (RFC 8935).
//!
//! An event is put into the outbox in the transaction that makes it true, once for each partner that can be told, and is
//! signed when it is sent, with the key that is active then. It is sent until the partner acknowledges it.

mod delivery;
mod readiness;

pub(crate) use delivery::Outgoing;
pub(crate) use readiness::stay_ready;

use bridge_jose::SecurityEvent;
use bridge_store::{NewMessage, StoreError, Topic, WriteTransaction};
use bridge_types::{Audience, Invalid, IssuerUrl, ScopeSet, TokenId};
use bridge_validator::{TrustPolicies, TrustPolicy};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The topic of events in the outbox.
const TOPIC: &str = "bridge.security-event";

/// What a token must permit to tell a partner of an event.
fn scopes() -> Result<ScopeSet, Invalid> {
    "bridge.events:write".parse()
}

/// Sends security events to partners.
#[derive(Debug, Clone)]
pub(crate) struct SecurityEvents(Recipients);

#[derive(Debug, Clone)]
enum Recipients {
    /// Those of the policies as they are now, in a company that serves.
    Live(Arc<TrustPolicies>),
    /// Those of the policies as they were read, in a subcommand.
    Read(Arc<[Recipient]>),
}

/// A partner that can be told: its policy has `[outbound] agent`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recipient {
    partner: String,
    issuer: IssuerUrl,
    audience: Audience,
}

/// An event as it waits in the outbox.
#[derive(Debug, Serialize, Deserialize)]
struct QueuedEvent {
    /// The issuer of the partner that is told.
    partner: IssuerUrl,
    event: SecurityEvent,
}

impl SecurityEvents {
    /// Events for the partners of these policies, as they are when an event happens.
    pub(crate) fn live(policies: Arc<TrustPolicies>) -> Self {
        Self(Recipients::Live(policies))
    }

    /// Events for the partners of these policies.
    pub(crate) fn of<'p>(policies: impl IntoIterator<Item = &'p TrustPolicy>) -> Self {
        Self(Recipients::Read(policies.into_iter().filter_map(Recipient::of).collect()))
    }

    /// Queues an event for every partner that can be told, as part of the write that makes it true, and gives their
    /// names. With an audience, only for those whose API that is: what was issued for another API is none of their
    /// business.
    ///
    /// # Errors
    /// [`StoreError`]; the write must be given up then.
    pub(crate) async fn enqueue(
        &self,
        write: &mut WriteTransaction,
        event: &SecurityEvent,
        audience: Option<&Audience>,
    ) -> Result<Vec<String>, StoreError> {
        let mut told = Vec::new();
        for recipient in self.recipients() {
            if audience.is_some_and(|audience| *audience != recipient.audience) {
                continue;
            }
            let queued = QueuedEvent { partner: recipient.issuer, event: event.clone() };
            // A line of their own: a revocation does not wait behind what the business tells that partner.
            let line = format!("security-events {}", queued.partner);
            // Events need no order among them, and none may wait behind another one that is refused.
            let aggregate = format!("{TOPIC}/{}", TokenId::random());
            write
                .enqueue(NewMessage { topic: TOPIC, recipient: &line, aggregate: &aggregate, payload: &queued })
                .await?;
            told.push(recipient.partner);
        }
        if !told.is_empty() {
            write.touch(Topic::Outbox).await?;
        }
        Ok(told)
    }

    fn recipients(&self) -> Vec<Recipient> {
        match &self.0 {
            Recipients::Live(policies) => {
                policies.partners().iter().filter_map(|partner| Recipient::of(partner.policy())).collect()
            }
            Recipients::Read(recipients) => recipients.to_vec(),
        }
    }
}

impl Recipient {
    fn of(policy: &TrustPolicy) -> Option<Self> {
        let outbound = policy.outbound.as_ref()?;
        outbound.agent.as_ref()?;
        Some(Self {
            partner: policy.partner.to_string(),
            issuer: policy.issuer.url().clone(),
            audience: outbound.audience.clone(),
        })
    }
}
