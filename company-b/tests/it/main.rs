//! Company B behind its real gate, with its real database, against a customer that only answers.
#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod exchange;
#[cfg(target_os = "linux")]
mod guards;
mod scopes;
mod shipments;
#[path = "../../../crates/business/tests/stand/mod.rs"]
mod stand;
mod tracking;

use actix_web::test::TestRequest;
use company_b::CompanyB;
use serde_json::{Value, json};
use stand::{Answer, Stand};

const OWN: &str = "company-b";
const CUSTOMER: &str = "company-a";

async fn company() -> Stand<CompanyB> {
    Stand::new(OWN, CUSTOMER).await
}

/// A request for a shipment that is sound in every part.
fn sound_shipment(reference: &str) -> Value {
    json!({
        "order_reference": reference,
        "delivery_address": { "name": "Ada Lovelace", "street": "Hauptstraße 5", "city": "Heidelberg",
                              "postal_code": "69117", "country": "DE" },
    })
}

/// The customer's order, with more in it than a carrier needs.
fn sound_order() -> Value {
    json!({
        "id": "o-1", "status": "placed", "total": { "amount_minor": 3998, "currency": "EUR" },
        "lines": [{ "sku": "TEA-1", "description": "Darjeeling", "quantity": 2, "weight_grams": 280,
                    "unit_price": { "amount_minor": 1999, "currency": "EUR" } }],
    })
}

fn post(path: &str, key: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).insert_header(("Idempotency-Key", key)).set_json(body)
}

async fn create(company: &Stand<CompanyB>, key: &str, reference: &str) -> Answer {
    company.call(CUSTOMER, "shipments:write", post("/shipments", key, &sound_shipment(reference))).await
}

/// Creates a shipment and gives its id.
async fn created(company: &Stand<CompanyB>, reference: &str) -> String {
    create(company, reference, reference).await.body["id"].as_str().unwrap().to_owned()
}

/// Creates a shipment, lets the carrier read the order, and gives the shipment's id once it is accepted.
async fn accepted(company: &Stand<CompanyB>) -> String {
    company.neighbour.answers("GET /orders/o-1", 200, sound_order());
    company.run();
    let id = created(company, "o-1").await;
    let path = format!("/shipments/{id}");
    company.until(&path, "shipments:read", |shipment| shipment["status"] == "accepted").await;
    id
}
