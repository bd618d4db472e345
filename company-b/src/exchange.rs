//! What company B sends its customers: it reads the order behind each new shipment, and reports each event.

use crate::model::{Event, EventKind, LineBody, Lines, NewEvent, OrderReference, Shipment, ShipmentStatus};
use crate::{repository, service};
use async_trait::async_trait;
use bridge_business::{Failure, ItemId, Recipient, Viewer, parse_wire};
use bridge_company::Partners;
use bridge_store::{Database, Deliver, DeliveryFailure, Message, NewMessage, StoreError, WriteTransaction};
use bridge_validator::FieldError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const SHIPMENT_CREATED: &str = "shipment.created";
const SHIPMENT_EVENT: &str = "shipment.event";
const ORDERS_READ: &str = "orders:read";
const TRACKING_WRITE: &str = "tracking:write";

/// A shipment whose order is to be read.
#[derive(Debug, Serialize, Deserialize)]
struct UnreadOrder {
    order_reference: OrderReference,
    shipment: ItemId,
}

/// An event that the customer is to hear of.
#[derive(Debug, Serialize, Deserialize)]
struct News {
    order_reference: OrderReference,
    report: Report,
}

/// The body of `POST /orders/{id}/tracking-events`.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    event_id: ItemId,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    occurred_at: Timestamp,
}

/// What is read of a customer's order.
#[derive(Debug, Deserialize)]
struct Order {
    lines: Vec<LineBody>,
}

/// Sends for the order behind a shipment, as part of the write that creates it.
pub(crate) async fn send_for_order(write: &mut WriteTransaction, shipment: &Shipment) -> Result<(), StoreError> {
    let unread = UnreadOrder { order_reference: shipment.order_reference.clone(), shipment: shipment.id };
    enqueue(write, SHIPMENT_CREATED, shipment, &unread).await
}

/// Sends the customer the news of an event, as part of the write that keeps it.
pub(crate) async fn report(write: &mut WriteTransaction, shipment: &Shipment, event: &Event) -> Result<(), StoreError> {
    let report = Report {
        event_id: event.id,
        kind: event.kind.as_str().to_owned(),
        note: event.note.as_ref().map(ToString::to_string),
        occurred_at: event.occurred_at,
    };
    let order_reference = shipment.order_reference.clone();
    enqueue(write, SHIPMENT_EVENT, shipment, &News { order_reference, report }).await
}

async fn enqueue(
    write: &mut WriteTransaction,
    topic: &'static str,
    about: &Shipment,
    payload: &impl Serialize,
) -> Result<(), StoreError> {
    let (recipient, aggregate) = (about.customer_issuer.as_str(), &about.id.to_string());
    write.enqueue(NewMessage { topic, recipient, aggregate, payload }).await.map(drop)
}

/// Delivers what the outbox holds.
#[derive(Debug)]
pub(crate) struct Exchange {
    database: Database,
    partners: Partners,
}

impl Exchange {
    pub(crate) fn new(database: Database, partners: Partners) -> Self {
        Self { database, partners }
    }

    fn customer(&self, message: &Message) -> Result<Recipient, DeliveryFailure> {
        Recipient::of(message, self.partners.of(message.recipient()))
    }

    async fn read_order(&self, message: &Message) -> Result<(), DeliveryFailure> {
        let unread: UnreadOrder = message.payload()?;
        let path = format!("/orders/{}", unread.order_reference.as_str());
        let answer = self.customer(message)?.get(&path, ORDERS_READ).await?;
        let unreadable = |reason: String| {
            DeliveryFailure::permanent(format!("the lines of the customer's order cannot be read: {reason}"))
        };
        let order: Order = answer.json().map_err(|error| unreadable(error.to_string()))?;
        let lines = parse_wire(order.lines).map_err(|defects| unreadable(describe(&defects)))?;
        self.accept(unread.shipment, lines).await.map_err(|failure| match failure {
            Failure::Refused(problem) => DeliveryFailure::permanent(problem),
            Failure::Overloaded => DeliveryFailure::from(StoreError::Busy),
            Failure::Internal(error) => DeliveryFailure::temporary(error),
        })
    }

    /// Keeps what is in a shipment and accepts it. Doing it again changes nothing.
    async fn accept(&self, shipment: ItemId, lines: Lines) -> Result<(), Failure> {
        let mut write = self.database.write().await?;
        let found = repository::find_shipment(write.connection(), shipment, Viewer::Own).await?;
        let Some(shipment) = found.filter(|shipment| shipment.status == ShipmentStatus::Created) else {
            return Ok(());
        };
        let shipment = Shipment { lines: Some(lines), ..shipment };
        service::apply(&mut write, shipment, NewEvent { kind: EventKind::Accepted, note: None }).await?;
        Ok(write.commit().await?)
    }

    async fn tell(&self, message: &Message) -> Result<(), DeliveryFailure> {
        let News { order_reference, report } = message.payload()?;
        let path = format!("/orders/{}/tracking-events", order_reference.as_str());
        self.customer(message)?.post(&path, TRACKING_WRITE, message.id(), &report).await.map(drop)
    }
}

fn describe(defects: &[FieldError]) -> String {
    let described = defects
        .iter()
        .take(3)
        .map(|FieldError { pointer, expected, found }| format!("at {pointer} expected {expected}, found {found}"));
    described.collect::<Vec<_>>().join("; ")
}

#[async_trait]
impl Deliver for Exchange {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryFailure> {
        match message.topic() {
            SHIPMENT_CREATED => self.read_order(message).await,
            SHIPMENT_EVENT => self.tell(message).await,
            other => Err(DeliveryFailure::permanent(format!("unknown topic {other}"))),
        }
    }
}
