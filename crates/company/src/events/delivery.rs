use super::{QueuedEvent, TOPIC, readiness, scopes};
use crate::error::with_causes;
use crate::partners::Partners;
use async_trait::async_trait;
use bridge_client::{ApiRequest, ApiResponse, CallError, PartnerApi};
use bridge_issuer::{Issuer, KeyRingError};
use bridge_jose::profile::SoleAudience;
use bridge_jose::{EventSubject, SecurityEventClaims, Typ};
use bridge_store::{Deliver, DeliveryFailure, Message};
use bridge_types::{ClientId, Clock};
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderValue};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// Where partners take events: a route that every API of Bridge has.
const PATH: &str = "/bridge/events";
/// RFC 8935 §2.3.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/secevent+jwt");
/// How long a partner may take to acknowledge an event.
const PATIENCE: Duration = Duration::from_secs(10);

/// Empties the outbox: events go to partners from here, everything else is the application's.
pub(crate) struct Outgoing {
    pub(crate) issuer: Arc<Issuer>,
    /// The APIs of partners as the company itself calls them.
    pub(crate) agents: Partners,
    pub(crate) application: Option<Arc<dyn Deliver>>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Deliver for Outgoing {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryFailure> {
        match (message.topic(), &self.application) {
            (TOPIC, _) => self.push(message).await,
            (_, Some(application)) => application.deliver(message).await,
            (other, None) => Err(DeliveryFailure::permanent(format!("unknown topic {other}"))),
        }
    }
}

impl Outgoing {
    /// Signs an event and gives it to its partner (RFC 8935 §2).
    async fn push(&self, message: &Message) -> Result<(), DeliveryFailure> {
        let QueuedEvent { partner, event } = message.payload()?;
        let Some(api) = self.agents.of(partner.as_str()) else {
            let missing =
                format!("expected `agent` in the [outbound] of the partner with issuer {partner}, found none");
            return Err(DeliveryFailure::temporary(missing));
        };
        let kind = event.subject.kind();
        let ends_own_token = ends_tokens_of(api.tokens().client_id(), &event.subject);
        let claims = SecurityEventClaims {
            iss: self.issuer.config().url().clone(),
            aud: SoleAudience::new(api.audience().as_str()),
            iat: message.created_at().into(),
            jti: message.id().to_string().parse().map_err(DeliveryFailure::permanent)?,
            event,
        };
        send(&api, self.signed(&claims).await.map_err(DeliveryFailure::temporary)?).await?;
        if ends_own_token {
            readiness::renew(&api).await;
        }
        let age = self.clock.now().duration_since(message.created_at());
        tracing::info!(target: "bridge", event = "security_event_delivered", outcome = "ok", partner = api.partner(), kind,
            message_id = %message.id(), age_ms = age.as_millis(), "the partner knows of a security event");
        Ok(())
    }
}

impl Outgoing {
    /// Signed with the key that is active in the store: the event may be that another process has revoked the key that
    /// this one still believes in.
    async fn signed(&self, claims: &SecurityEventClaims) -> Result<String, KeyRingError> {
        let keys = self.issuer.ring().catch_up().await?;
        let signed = self.issuer.ring().sign(Some(keys.revision()), Typ::SecurityEvent, claims).await?;
        Ok(signed.into_token())
    }
}

/// True when the tokens of this client that partners have seen so far are worth nothing after the event.
fn ends_tokens_of(own: &ClientId, subject: &EventSubject) -> bool {
    match subject {
        EventSubject::Client { client } | EventSubject::Credential { client, .. } => client == own,
        EventSubject::Key { .. } | EventSubject::Issuer => true,
        EventSubject::Token { .. } | EventSubject::Unknown { .. } => false,
    }
}

async fn send(api: &PartnerApi, token: String) -> Result<(), DeliveryFailure> {
    let request = ApiRequest::new(Method::POST, PATH, scopes().map_err(DeliveryFailure::permanent)?)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .body(MEDIA_TYPE, token)
        .time_out(PATIENCE);
    match api.send(request).await {
        Ok(answer) => judge(&answer),
        Err(error @ CallError::Invalid(_)) => Err(DeliveryFailure::permanent(with_causes(&error))),
        // Tokens, trust and networks are mended without changing the event.
        Err(error) => Err(DeliveryFailure::temporary(with_causes(&error))),
    }
}

/// What the answer says of the event (RFC 8935 §2.2 to §2.4).
fn judge(answer: &ApiResponse) -> Result<(), DeliveryFailure> {
    let status = answer.status().as_u16();
    let error: Refusal = if status == 400 { answer.json().unwrap_or_default() } else { Refusal::default() };
    let mut reason = format!("the partner answered {status}");
    if let Some(code) = &error.err {
        reason.push(' ');
        reason.extend(code.chars().take(64).flat_map(char::escape_debug));
    }
    if let Some(id) = answer.correlation_id() {
        reason.push_str(", correlation id ");
        reason.push_str(&id.to_string());
    }
    match status {
        200..=299 => Ok(()),
        // The event is signed anew at each attempt, for the configuration and with the key of that moment: only its
        // own content stays as it is.
        400 if error.err.as_deref().is_none_or(|code| code == "invalid_request") => {
            Err(DeliveryFailure::permanent(reason))
        }
        413 | 415 => Err(DeliveryFailure::permanent(reason)),
        _ => Err(DeliveryFailure::Temporary { reason, retry_after: answer.retry_after() }),
    }
}

/// RFC 8935 §2.4.
#[derive(Default, Deserialize)]
struct Refusal {
    err: Option<String>,
}
