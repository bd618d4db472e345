use super::{LineBody, Lines, ShipmentStatus};
use bridge_business::{Address, AddressBody, Check, ItemId, Mismatch, Parse};
use bridge_validator::Principal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a customer calls the order behind a shipment: 1 to 64 letters, digits, hyphens and underscores.
///
/// It becomes part of an address at the customer, so it can hold nothing that means something there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct OrderReference(String);

impl OrderReference {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OrderReference {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text));
        }
        Err(Mismatch::new("1 to 64 letters, digits, hyphens and underscores", format_args!("\"{text}\"")))
    }
}

/// A shipment that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShipment {
    pub(crate) order_reference: OrderReference,
    pub(crate) delivery_address: Address,
}

/// The request for a shipment. What is in it the carrier reads from the order, at the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewShipment)]
pub struct ShipmentBody {
    /// The customer's id of the order. One order makes one shipment.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$", example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub order_reference: String,
    /// Where it goes.
    pub delivery_address: AddressBody,
}

/// A shipment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shipment {
    /// Its name.
    #[schema(value_type = String, format = Uuid)]
    pub(crate) id: ItemId,
    /// The partner that asked for it, by its name here.
    pub(crate) customer: String,
    /// The partner's issuer, which is what it is known by.
    #[serde(skip)]
    pub(crate) customer_issuer: String,
    /// The customer's id of the order.
    #[schema(value_type = String)]
    pub(crate) order_reference: OrderReference,
    /// How far it is.
    pub(crate) status: ShipmentStatus,
    /// Where it goes.
    pub(crate) delivery_address: Address,
    /// What is in it, once the order was read.
    #[schema(value_type = Option<Vec<LineBody>>)]
    pub(crate) lines: Option<Lines>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    /// When something about it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) updated_at: Timestamp,
}

impl Shipment {
    /// A new shipment, created now for this customer.
    pub(crate) fn create(new: NewShipment, customer: Principal<'_>, now: Timestamp) -> Self {
        Self {
            id: ItemId::new(),
            customer: customer.partner.to_owned(),
            customer_issuer: customer.issuer.to_string(),
            order_reference: new.order_reference,
            status: ShipmentStatus::Created,
            delivery_address: new.delivery_address,
            lines: None,
            created_at: now,
            updated_at: now,
        }
    }
}

impl Parse for NewShipment {
    type Wire = ShipmentBody;

    fn parse(wire: ShipmentBody, check: &mut Check) -> Option<Self> {
        let order_reference = check.value("order_reference", wire.order_reference);
        let delivery_address = check.part("delivery_address", wire.delivery_address);
        Some(Self { order_reference: order_reference?, delivery_address: delivery_address? })
    }
}

#[cfg(test)]
mod tests {
    use super::OrderReference;

    #[test]
    fn a_reference_cannot_lead_elsewhere() {
        for text in ["", ".", "..", "../shipments", "a/b", "a%2fb", "a?b", "a#b", "a b", "ä", &"a".repeat(65)] {
            assert!(OrderReference::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        assert!(OrderReference::try_from("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()).is_ok());
    }
}
