use crate::{CARRIER, OWN, company, placed, post};
use actix_web::test::TestRequest;
use company_a::CompanyA;
use serde_json::{Value, json};

use crate::stand::{Answer, Stand};

fn report(event: &str, kind: &str) -> Value {
    json!({ "event_id": event, "kind": kind, "occurred_at": "2026-01-01T12:00:00+01:00" })
}

async fn track(company: &Stand<CompanyA>, who: &str, id: &str, key: &str, body: &Value) -> Answer {
    company.call(who, "tracking:write", post(&format!("/orders/{id}/tracking-events"), key, body)).await
}

async fn status(company: &Stand<CompanyA>, id: &str) -> Value {
    let order = company.call(OWN, "orders:read", TestRequest::get().uri(&format!("/orders/{id}"))).await;
    order.body["status"].clone()
}

#[actix_web::test]
async fn the_order_follows_the_carriers_reports() {
    let company = company().await;
    let id = placed(&company, "k").await;
    let steps = [
        ("accepted", "handed_over"),
        ("picked_up", "in_transit"),
        ("in_transit", "in_transit"),
        ("delivered", "delivered"),
    ];
    for (kind, expected) in steps {
        let answer = track(&company, CARRIER, &id, kind, &report(kind, kind)).await;
        assert_eq!((answer.status, &answer.body["reported_by"]), (201, &json!(CARRIER)), "{}", answer.body);
        assert_eq!(answer.body["occurred_at"], "2026-01-01T11:00:00Z");
        assert_eq!(status(&company, &id).await, expected, "{kind}");
    }
    let path = format!("/orders/{id}/tracking-events");
    let list = company.call(CARRIER, "orders:read", TestRequest::get().uri(&path)).await.body;
    let kinds: Vec<_> = list["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accepted", "picked_up", "in_transit", "delivered"]);
}

#[actix_web::test]
async fn a_report_that_cannot_be_changes_nothing_and_may_come_again() {
    let company = company().await;
    let id = placed(&company, "k").await;
    let early = track(&company, CARRIER, &id, "k1", &report("e2", "delivered")).await;
    assert_eq!((early.status, early.code()), (409, "conflict"));
    assert_eq!(status(&company, &id).await, "placed");
    for kind in ["accepted", "picked_up"] {
        assert_eq!(track(&company, CARRIER, &id, kind, &report(kind, kind)).await.status, 201);
    }
    assert_eq!(track(&company, CARRIER, &id, "k1", &report("e2", "delivered")).await.status, 201);
    let after_the_end = track(&company, CARRIER, &id, "k3", &report("e3", "failed")).await;
    assert_eq!(after_the_end.status, 409);
}

#[actix_web::test]
async fn a_report_is_applied_once_under_whatever_key_it_comes() {
    let company = company().await;
    let id = placed(&company, "k").await;
    let first = track(&company, CARRIER, &id, "k1", &report("e1", "accepted")).await;
    let same_key = track(&company, CARRIER, &id, "k1", &report("e1", "accepted")).await;
    let other_key = track(&company, CARRIER, &id, "k2", &report("e1", "accepted")).await;
    assert_eq!((first.status, same_key.status, other_key.status), (201, 201, 200));
    assert_eq!((&first.body, &first.body), (&same_key.body, &other_key.body));
}

#[actix_web::test]
async fn only_the_carrier_of_an_order_reports_on_it() {
    let company = company().await;
    let id = placed(&company, "k").await;
    let stranger = track(&company, "stranger", &id, "k1", &report("e1", "accepted")).await;
    assert_eq!((stranger.status, stranger.code()), (404, "not_found"));
    assert_eq!(status(&company, &id).await, "placed");
}

#[actix_web::test]
async fn each_defect_of_a_report_is_told() {
    let company = company().await;
    let id = placed(&company, "k").await;
    let body = json!({ "event_id": "", "kind": "lost", "note": "\n", "occurred_at": "yesterday" });
    let answer = track(&company, CARRIER, &id, "k1", &body).await;
    assert_eq!((answer.status, answer.pointers()), (422, vec!["/event_id", "/kind", "/note", "/occurred_at"]));
}

#[actix_web::test]
async fn a_report_that_comes_again_after_its_partners_file_was_renamed_is_applied_once() {
    let company = company().await;
    let id = placed(&company, "k").await;
    let first = track(&company, CARRIER, &id, "k1", &report("e1", "accepted")).await;
    company.exchange_names(CARRIER, "stranger");
    let again = track(&company, CARRIER, &id, "k2", &report("e1", "accepted")).await;
    assert_eq!((first.status, again.status, &first.body), (201, 200, &again.body));
}
