use crate::{StoreError, WriteTransaction, to_micros};
use bridge_client::TraceParent;
use bridge_types::Invalid;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The name of a message, the same at every attempt: send it as the `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct MessageId(Uuid);

impl MessageId {
    /// The identifier as a number, for spreading attempts.
    pub(crate) fn bits(self) -> u128 {
        self.0.as_u128()
    }
}

impl FromStr for MessageId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Uuid::try_parse(text).map(Self).map_err(|_| Invalid::new("message id", "a UUID", text))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A message to be delivered once the write that holds it is kept.
#[derive(Debug)]
pub struct NewMessage<'m, P> {
    /// What is to be done with it; the deliverer tells messages apart by it.
    pub topic: &'static str,
    /// Who it is for: the issuer identifier of a partner, which names it whatever its file is called.
    pub recipient: &'m str,
    /// What it is about, such as a shipment: messages about the same thing are delivered in the order they were
    /// written, each only after the one before it.
    pub aggregate: &'m str,
    /// What it says.
    pub payload: &'m P,
}

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Message {
    pub(crate) id: MessageId,
    pub(crate) topic: String,
    pub(crate) recipient: String,
    pub(crate) aggregate: String,
    pub(crate) payload: String,
    pub(crate) trace: TraceParent,
    pub(crate) attempts: u32,
    pub(crate) created_at: Timestamp,
}

impl Message {
    /// Its name.
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// What is to be done with it.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Who it is for.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// What it is about.
    pub fn aggregate(&self) -> &str {
        &self.aggregate
    }

    /// When it was written.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// What it says.
    ///
    /// # Errors
    /// [`PayloadUnreadable`] when another type was written under this topic.
    pub fn payload<P: DeserializeOwned>(&self) -> Result<P, PayloadUnreadable> {
        serde_json::from_str(&self.payload).map_err(|source| PayloadUnreadable { topic: self.topic.clone(), source })
    }
}

/// A message does not hold what its topic promises.
#[derive(Debug, thiserror::Error)]
#[error("unreadable payload of a message about {topic}: {source}")]
pub struct PayloadUnreadable {
    topic: String,
    source: serde_json::Error,
}

impl WriteTransaction {
    /// Puts a message in the outbox, as part of this write. Its delivery belongs to the trace of the current task.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or the payload has no JSON form.
    pub async fn enqueue<P: Serialize>(&mut self, message: NewMessage<'_, P>) -> Result<MessageId, StoreError> {
        let payload = serde_json::to_string(message.payload)
            .map_err(|error| StoreError::unreadable("payload of a new message", error))?;
        let (id, now) = (MessageId(Uuid::now_v7()), to_micros(self.now()));
        sqlx::query(
            "INSERT INTO outbox (id, topic, recipient, aggregate, payload, trace_parent, created_at, next_attempt_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        )
        .bind(id.to_string())
        .bind(message.topic)
        .bind(message.recipient)
        .bind(message.aggregate)
        .bind(payload)
        .bind(TraceParent::current().unwrap_or_default().to_string())
        .bind(now)
        .execute(self.connection())
        .await?;
        self.mark_outbox_changed();
        Ok(id)
    }
}
