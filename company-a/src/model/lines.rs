use bridge_business::{Bounded, Check, Money, MoneyBody, Parse, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The goods of an order: 1 to 100 lines, all priced in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Lines {
    lines: Vec<Line>,
    #[serde(skip)]
    total: Money,
}

/// One kind of goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    sku: Text<64>,
    description: Text<200>,
    quantity: Bounded<1, 10_000>,
    unit_price: Money,
    weight_grams: Bounded<1, 1_000_000>,
}

/// A line on the wire.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Line)]
pub struct LineBody {
    /// What the retailer calls these goods.
    #[schema(min_length = 1, max_length = 64, example = "TEA-0042")]
    pub sku: String,
    /// What people call them.
    #[schema(min_length = 1, max_length = 200, example = "Darjeeling, first flush, 250 g")]
    pub description: String,
    /// How many pieces.
    #[schema(minimum = 1, maximum = 10_000, example = 2)]
    pub quantity: i64,
    /// The price of one piece.
    pub unit_price: MoneyBody,
    /// The weight of one piece.
    #[schema(minimum = 1, maximum = 1_000_000, example = 280)]
    pub weight_grams: i64,
}

impl Lines {
    /// The price of everything.
    pub fn total(&self) -> Money {
        self.total
    }
}

impl Parse for Lines {
    type Wire = Vec<LineBody>;

    fn parse(wire: Vec<LineBody>, check: &mut Check) -> Option<Self> {
        let lines: Vec<Line> = check.items(&(1..=100), wire)?;
        let mut total = Some(Money::zero(lines.first()?.unit_price.currency()));
        for (index, line) in lines.iter().enumerate() {
            let price = line.unit_price.times(line.quantity.get());
            total = total.and_then(|total| {
                let refuse = |mismatch| check.refuse(&format!("{index}/unit_price/currency"), &mismatch);
                total.plus(price).map_err(refuse).ok()
            });
        }
        Some(Self { lines, total: total? })
    }
}

impl Parse for Line {
    type Wire = LineBody;

    fn parse(wire: LineBody, check: &mut Check) -> Option<Self> {
        let sku = check.value("sku", wire.sku);
        let description = check.value("description", wire.description);
        let quantity = check.value("quantity", wire.quantity);
        let unit_price = check.part("unit_price", wire.unit_price);
        let weight_grams = check.value("weight_grams", wire.weight_grams);
        Some(Self {
            sku: sku?,
            description: description?,
            quantity: quantity?,
            unit_price: unit_price?,
            weight_grams: weight_grams?,
        })
    }
}
