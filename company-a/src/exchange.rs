//! What company A sends its carriers: each order, once, from the outbox to `POST /shipments`.

use crate::model::{Order, ShipmentReference};
use crate::repository;
use async_trait::async_trait;
use bridge_business::{Address, ItemId, Recipient, Viewer};
use bridge_company::Partners;
use bridge_store::{Database, Deliver, DeliveryFailure, Message, NewMessage, StoreError, WriteTransaction};
use serde::{Deserialize, Serialize};

const ORDER_PLACED: &str = "order.placed";
const SHIPMENTS_WRITE: &str = "shipments:write";

/// A job for a carrier: the body of `POST /shipments`. It holds no lines: the carrier reads them from the order itself.
#[derive(Debug, Serialize, Deserialize)]
struct ShipmentRequest {
    order_reference: ItemId,
    delivery_address: Address,
}

/// What is read of a carrier's answer.
#[derive(Debug, Deserialize)]
struct Shipment {
    id: ShipmentReference,
}

/// Sends an order's carrier the job, as part of the write that places the order.
pub(crate) async fn announce(write: &mut WriteTransaction, order: &Order) -> Result<(), StoreError> {
    let shipment = ShipmentRequest { order_reference: order.id, delivery_address: order.delivery_address.clone() };
    let (recipient, aggregate) = (order.carrier_issuer.as_str(), &order.id.to_string());
    write.enqueue(NewMessage { topic: ORDER_PLACED, recipient, aggregate, payload: &shipment }).await?;
    Ok(())
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

    async fn request_shipment(&self, message: &Message) -> Result<(), DeliveryFailure> {
        let job: ShipmentRequest = message.payload()?;
        let carrier = Recipient::of(message, self.partners.of(message.recipient()))?;
        let answer = carrier.post("/shipments", SHIPMENTS_WRITE, message.id(), &job).await?;
        let unreadable = |error| DeliveryFailure::permanent(format!("the carrier's answer names no shipment: {error}"));
        let shipment: Shipment = answer.json().map_err(unreadable)?;
        Ok(self.hand_over(job.order_reference, shipment).await?)
    }

    /// Notes the shipment of an order. Doing it again changes nothing.
    async fn hand_over(&self, order: ItemId, shipment: Shipment) -> Result<(), StoreError> {
        let mut write = self.database.write().await?;
        let Some(mut order) = repository::find_order(write.connection(), order, Viewer::Own).await? else {
            return Ok(());
        };
        order.shipment = Some(shipment.id);
        order.status = order.status.shipped();
        order.updated_at = write.now();
        repository::update_order(write.connection(), &order).await?;
        write.commit().await
    }
}

#[async_trait]
impl Deliver for Exchange {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryFailure> {
        match message.topic() {
            ORDER_PLACED => self.request_shipment(message).await,
            other => Err(DeliveryFailure::permanent(format!("unknown topic {other}"))),
        }
    }
}
