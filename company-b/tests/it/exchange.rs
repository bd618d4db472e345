use crate::{OWN, accepted, company, created, post, sound_order};
use serde_json::{Value, json};

#[actix_web::test]
async fn the_carrier_reads_the_order_and_accepts_with_the_least_scope_for_each_step() {
    let company = company().await;
    company.neighbour.answers("POST /orders/o-1/tracking-events", 201, json!({}));
    let id = accepted(&company).await;
    let shipment = company.until(&format!("/shipments/{id}"), "shipments:read", Value::is_object).await;
    let mut line = sound_order()["lines"][0].clone();
    line.as_object_mut().unwrap().remove("unit_price");
    assert_eq!(shipment["lines"], json!([line]), "what it costs is none of the carrier's business");

    let received = company.neighbour.wait_for(2).await;
    let steps: Vec<_> = received.iter().map(|request| (request.line.as_str(), request.scope.as_str())).collect();
    let expected = [("GET /orders/o-1", "orders:read"), ("POST /orders/o-1/tracking-events", "tracking:write")];
    assert_eq!(steps, expected);
    let events = company.until(&format!("/shipments/{id}/events"), "shipments:read", Value::is_object).await;
    let event = &events["items"][0];
    let report = json!({ "event_id": event["id"], "kind": "accepted", "occurred_at": event["occurred_at"] });
    assert_eq!(received[1].body, report);
}

#[actix_web::test]
async fn reports_arrive_once_and_in_order_over_an_outage_of_the_customer_and_a_restart() {
    let mut company = company().await;
    company.neighbour.answers("GET /orders/o-1", 200, sound_order());
    let background = company.run();
    let id = created(&company, "o-1").await;
    company.until(&format!("/shipments/{id}"), "shipments:read", |shipment| shipment["status"] == "accepted").await;
    for kind in ["picked_up", "in_transit", "delivered"] {
        let request = post(&format!("/shipments/{id}/events"), kind, &json!({ "kind": kind }));
        assert_eq!(company.call(OWN, "shipments:track", request).await.status, 201);
    }
    // The customer fails: the first report comes again and again, and none of the others before it.
    let before = company.neighbour.wait_for(3).await;
    assert!(before[1..].iter().all(|request| *request == before[1]), "{before:?}");
    company.restart().await;
    background.await.unwrap();
    company.neighbour.answers("POST /orders/o-1/tracking-events", 201, json!({}));
    company.run();
    while company.waiting().await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let mut reports = company.neighbour.received().await.split_off(1);
    reports.dedup();
    let kinds: Vec<_> = reports.iter().map(|report| report.body["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accepted", "picked_up", "in_transit", "delivered"]);
}

#[actix_web::test]
async fn an_order_that_makes_no_sense_is_refused_and_visible() {
    let company = company().await;
    let mut order = sound_order();
    order["lines"][0]["quantity"] = json!(0);
    company.neighbour.answers("GET /orders/o-1", 200, order);
    company.run();
    let id = created(&company, "o-1").await;
    company.neighbour.wait_for(2).await;
    let shipment = company.until(&format!("/shipments/{id}"), "shipments:read", Value::is_object).await;
    assert_eq!((&shipment["status"], &shipment["lines"]), (&json!("created"), &Value::Null));
    assert_eq!(company.waiting().await, 1);
}

#[actix_web::test]
async fn refused_trust_is_an_outage_and_not_the_end_of_a_message() {
    let company = company().await;
    company.neighbour.fails_with([403, 401, 429, 503]);
    accepted(&company).await;
    assert_eq!(company.database.dead_letters(1).await.unwrap(), []);
    assert_eq!(company.neighbour.name(), "company-a");
}
