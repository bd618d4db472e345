use crate::{CARRIER, OWN, company, placed, post, sound_order};
use serde_json::{Value, json};

#[actix_web::test]
async fn an_order_becomes_one_shipment_with_the_least_scope_and_without_its_lines() {
    let company = company().await;
    company.neighbour.answers("POST /shipments", 201, json!({ "id": "s-1", "status": "created" }));
    company.run();
    let id = placed(&company, "k").await;
    let order = company.until(&format!("/orders/{id}"), "orders:read", |order| order["shipment"] == "s-1").await;
    assert_eq!(order["status"], "handed_over");
    let received = company.neighbour.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].line.as_str(), received[0].scope.as_str()), ("POST /shipments", "shipments:write"));
    let body = json!({ "order_reference": id, "delivery_address": sound_order()["delivery_address"] });
    assert_eq!(received[0].body, body);
    assert_eq!(company.neighbour.name(), CARRIER);
}

#[actix_web::test]
async fn the_job_belongs_to_the_trace_of_the_order() {
    let company = company().await;
    company.run();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = post("/orders", "k", &sound_order()).insert_header(("traceparent", trace));
    assert_eq!(company.call(OWN, "orders:write", request).await.status, 201);
    assert_eq!(company.neighbour.wait_for(1).await[0].trace, trace);
}

#[actix_web::test]
async fn nothing_is_lost_while_the_carrier_fails_and_the_company_restarts() {
    let mut company = company().await;
    let background = company.run();
    let id = placed(&company, "k").await;
    let before = company.neighbour.wait_for(2).await;
    company.restart().await;
    background.await.unwrap();
    company.neighbour.answers("POST /shipments", 201, json!({ "id": "s-1" }));
    company.run();
    company.until(&format!("/orders/{id}"), "orders:read", |order| order["shipment"] == "s-1").await;
    let received = company.neighbour.received().await;
    assert!(before[0].key.is_some() && received.iter().all(|request| *request == before[0]), "{received:?}");
}

#[actix_web::test]
async fn a_report_that_overtakes_the_carriers_answer_is_not_undone_by_it() {
    let company = company().await;
    let id = placed(&company, "k").await;
    for kind in ["accepted", "picked_up"] {
        let report = json!({ "event_id": kind, "kind": kind, "occurred_at": "2026-01-01T12:00:00Z" });
        let request = post(&format!("/orders/{id}/tracking-events"), kind, &report);
        assert_eq!(company.call(CARRIER, "tracking:write", request).await.status, 201);
    }
    company.neighbour.answers("POST /shipments", 200, json!({ "id": "s-1" }));
    company.run();
    let order = company.until(&format!("/orders/{id}"), "orders:read", |order| order["shipment"] == "s-1").await;
    assert_eq!(order["status"], "in_transit");
}

#[actix_web::test]
async fn refused_trust_is_an_outage_and_not_the_end_of_a_message() {
    let company = company().await;
    company.neighbour.answers("POST /shipments", 201, json!({ "id": "s-1" }));
    company.neighbour.fails_with([403, 401, 429, 503]);
    company.run();
    let id = placed(&company, "k").await;
    company.until(&format!("/orders/{id}"), "orders:read", |order| order["shipment"] == "s-1").await;
    assert_eq!(company.database.dead_letters(1).await.unwrap(), []);
}

#[actix_web::test]
async fn a_refused_order_is_visible_to_the_operator_and_stays_placed() {
    let company = company().await;
    company.neighbour.answers("POST /shipments", 422, json!({ "code": "validation_failed" }));
    company.run();
    let id = placed(&company, "k").await;
    company.neighbour.wait_for(2).await;
    let order = company.until(&format!("/orders/{id}"), "orders:read", Value::is_object).await;
    assert_eq!((&order["status"], &order["shipment"]), (&json!("placed"), &Value::Null));
    assert_eq!(company.waiting().await, 1);
}
