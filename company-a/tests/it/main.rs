//! Company A behind its real gate, with its real database, against a carrier that only answers.
#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod exchange;
#[cfg(target_os = "linux")]
mod guards;
mod orders;
#[cfg(unix)]
mod process;
mod scopes;
#[path = "../../../crates/business/tests/stand/mod.rs"]
mod stand;
mod tracking;

use actix_web::test::TestRequest;
use company_a::CompanyA;
use serde_json::{Value, json};
use stand::{Answer, Stand};

const OWN: &str = "company-a";
const CARRIER: &str = "company-b";

async fn company() -> Stand<CompanyA> {
    Stand::new(OWN, CARRIER).await
}

/// A request for an order that is sound in every part.
fn sound_order() -> Value {
    json!({
        "carrier": CARRIER,
        "delivery_address": { "name": "Ada Lovelace", "street": "Hauptstraße 5", "city": "Heidelberg",
                              "postal_code": "69117", "country": "DE" },
        "lines": [
            { "sku": "TEA-1", "description": "Darjeeling", "quantity": 2, "weight_grams": 280,
              "unit_price": { "amount_minor": 1999, "currency": "EUR" } },
            { "sku": "POT-7", "description": "Teapot", "quantity": 1, "weight_grams": 900,
              "unit_price": { "amount_minor": 4500, "currency": "EUR" } },
        ],
    })
}

fn post(path: &str, key: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).insert_header(("Idempotency-Key", key)).set_json(body)
}

async fn place(company: &Stand<CompanyA>, key: &str) -> Answer {
    company.call(OWN, "orders:write", post("/orders", key, &sound_order())).await
}

/// Places an order and gives its id.
async fn placed(company: &Stand<CompanyA>, key: &str) -> String {
    place(company, key).await.body["id"].as_str().unwrap().to_owned()
}
