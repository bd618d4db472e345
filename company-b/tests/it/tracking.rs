use crate::stand::{Answer, Stand};
use crate::{CUSTOMER, OWN, accepted, company, created, post};
use actix_web::test::TestRequest;
use company_b::CompanyB;
use serde_json::json;

async fn record(company: &Stand<CompanyB>, who: &str, id: &str, key: &str, kind: &str) -> Answer {
    let request = post(&format!("/shipments/{id}/events"), key, &json!({ "kind": kind, "note": "Heidelberg depot" }));
    company.call(who, "shipments:track", request).await
}

#[actix_web::test]
async fn the_shipment_follows_the_depots_events() {
    let company = company().await;
    let id = accepted(&company).await;
    for kind in ["picked_up", "in_transit", "in_transit", "delivered"] {
        let key = uuid();
        let answer = record(&company, OWN, &id, &key, kind).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let path = format!("/shipments/{id}");
        let shipment = company.call(OWN, "shipments:read", TestRequest::get().uri(&path)).await;
        assert_eq!(shipment.body["status"], kind);
    }
    let path = format!("/shipments/{id}/events");
    let list = company.call(CUSTOMER, "shipments:read", TestRequest::get().uri(&path)).await.body;
    let kinds: Vec<_> = list["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accepted", "picked_up", "in_transit", "in_transit", "delivered"]);
}

fn uuid() -> String {
    bridge_types::CorrelationId::new().to_string()
}

#[actix_web::test]
async fn an_event_that_cannot_be_changes_nothing() {
    let company = company().await;
    let id = created(&company, "o-1").await;
    let early = record(&company, OWN, &id, "k1", "picked_up").await;
    assert_eq!((early.status, early.code()), (409, "conflict"));
    let path = format!("/shipments/{id}/events");
    let list = company.call(OWN, "shipments:read", TestRequest::get().uri(&path)).await.body;
    assert_eq!(list["items"], json!([]));
}

#[actix_web::test]
async fn the_same_event_sent_twice_happens_once() {
    let company = company().await;
    let id = accepted(&company).await;
    let first = record(&company, OWN, &id, "k1", "picked_up").await;
    let again = record(&company, OWN, &id, "k1", "picked_up").await;
    assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body));
    let other_key = record(&company, OWN, &id, "k2", "picked_up").await;
    assert_eq!(other_key.status, 409, "goods are picked up once");
}

#[actix_web::test]
async fn nobody_can_say_that_the_carrier_accepted() {
    let company = company().await;
    let id = created(&company, "o-1").await;
    for kind in ["accepted", "lost", ""] {
        let answer = record(&company, OWN, &id, "k", kind).await;
        assert_eq!((answer.status, answer.pointers()), (422, vec!["/kind"]), "{kind}");
    }
}

#[actix_web::test]
async fn a_partner_cannot_touch_the_shipment_of_another() {
    let company = company().await;
    let id = accepted(&company).await;
    let answer = record(&company, "stranger", &id, "k", "picked_up").await;
    assert_eq!((answer.status, answer.code()), (404, "not_found"));
}
