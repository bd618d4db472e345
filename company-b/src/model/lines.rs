use bridge_business::{Bounded, Check, Parse, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is in a shipment: 1 to 100 lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Lines(Vec<Line>);

/// One kind of goods. What it costs is none of the carrier's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    sku: Text<64>,
    description: Text<200>,
    quantity: Bounded<1, 10_000>,
    weight_grams: Bounded<1, 1_000_000>,
}

/// A line on the wire, as it is read from the customer's order: members that the carrier does not need are passed over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Line)]
pub struct LineBody {
    /// What the customer calls these goods.
    #[schema(min_length = 1, max_length = 64, example = "TEA-0042")]
    pub sku: String,
    /// What people call them.
    #[schema(min_length = 1, max_length = 200, example = "Darjeeling, first flush, 250 g")]
    pub description: String,
    /// How many pieces.
    #[schema(minimum = 1, maximum = 10_000, example = 2)]
    pub quantity: i64,
    /// The weight of one piece.
    #[schema(minimum = 1, maximum = 1_000_000, example = 280)]
    pub weight_grams: i64,
}

impl Parse for Lines {
    type Wire = Vec<LineBody>;

    fn parse(wire: Vec<LineBody>, check: &mut Check) -> Option<Self> {
        check.items(&(1..=100), wire).map(Self)
    }
}

impl Parse for Line {
    type Wire = LineBody;

    fn parse(wire: LineBody, check: &mut Check) -> Option<Self> {
        let sku = check.value("sku", wire.sku);
        let description = check.value("description", wire.description);
        let quantity = check.value("quantity", wire.quantity);
        let weight_grams = check.value("weight_grams", wire.weight_grams);
        Some(Self { sku: sku?, description: description?, quantity: quantity?, weight_grams: weight_grams? })
    }
}
