use super::{LineBody, Lines, OrderStatus};
use bridge_business::{Address, AddressBody, Check, ItemId, Money, Parse, Text};
use bridge_types::IssuerUrl;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a carrier calls its shipment of an order.
pub type ShipmentReference = Text<64>;

/// An order that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    pub(crate) carrier: Text<64>,
    pub(crate) delivery_address: Address,
    pub(crate) lines: Lines,
}

/// The request for an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrder)]
pub struct OrderBody {
    /// The partner that is to deliver it, by its name here.
    #[schema(min_length = 1, max_length = 64, example = "company-b")]
    pub carrier: String,
    /// Where it goes.
    pub delivery_address: AddressBody,
    /// 1 to 100 lines, all in one currency.
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<LineBody>,
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Order {
    /// Its name.
    #[schema(value_type = String, format = Uuid)]
    pub(crate) id: ItemId,
    /// The partner that delivers it, by its name here when the order was placed.
    #[schema(value_type = String)]
    pub(crate) carrier: Text<64>,
    /// The partner's issuer, which is what it is known by.
    #[serde(skip)]
    pub(crate) carrier_issuer: String,
    /// How far it is.
    pub(crate) status: OrderStatus,
    /// Where it goes.
    pub(crate) delivery_address: Address,
    /// The goods.
    #[schema(value_type = Vec<LineBody>)]
    pub(crate) lines: Lines,
    /// The price of everything.
    pub(crate) total: Money,
    /// What the carrier calls its shipment, once it has one.
    #[schema(value_type = Option<String>)]
    pub(crate) shipment: Option<ShipmentReference>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) placed_at: Timestamp,
    /// When something about it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) updated_at: Timestamp,
}

impl Order {
    /// A new order, placed now, for the carrier that is known by this issuer.
    pub(crate) fn place(new: NewOrder, carrier_issuer: &IssuerUrl, now: Timestamp) -> Self {
        Self {
            id: ItemId::new(),
            carrier: new.carrier,
            carrier_issuer: carrier_issuer.to_string(),
            status: OrderStatus::Placed,
            delivery_address: new.delivery_address,
            total: new.lines.total(),
            lines: new.lines,
            shipment: None,
            placed_at: now,
            updated_at: now,
        }
    }
}

impl Parse for NewOrder {
    type Wire = OrderBody;

    fn parse(wire: OrderBody, check: &mut Check) -> Option<Self> {
        let carrier = check.value("carrier", wire.carrier);
        let delivery_address = check.part("delivery_address", wire.delivery_address);
        let lines = check.part("lines", wire.lines);
        Some(Self { carrier: carrier?, delivery_address: delivery_address?, lines: lines? })
    }
}
