//! What customers order in the scenarios.

use serde_json::{Value, json};

/// Where everything goes.
pub(crate) fn address() -> Value {
    json!({
        "name": "Ada Lovelace", "street": "Hauptstraße 5", "city": "Heidelberg", "postal_code": "69117", "country": "DE",
    })
}

/// An order for one kind of goods.
pub(crate) fn order(quantity: u64, sku: &str, carrier: &str) -> Value {
    json!({"carrier": carrier, "delivery_address": address(), "lines": [{
        "sku": sku, "description": "what the customer wants", "quantity": quantity,
        "unit_price": {"amount_minor": 1999, "currency": "EUR"}, "weight_grams": 280,
    }]})
}
