use crate::{CUSTOMER, OWN, company, create, created, post, sound_shipment};
use actix_web::test::TestRequest;
use serde_json::{Value, json};

#[actix_web::test]
async fn a_created_shipment_is_answered_and_read_back_the_same() {
    let company = company().await;
    let answer = create(&company, "k1", "o-1").await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!((&answer.body["status"], &answer.body["customer"]), (&json!("created"), &json!(CUSTOMER)));
    assert_eq!(answer.body["lines"], Value::Null);
    for member in ["order_reference", "delivery_address"] {
        assert_eq!(answer.body[member], sound_shipment("o-1")[member]);
    }
    let location = answer.headers.get("location").unwrap().to_str().unwrap().to_owned();
    assert_eq!(location, format!("/shipments/{}", answer.body["id"].as_str().unwrap()));
    let read = company.call(CUSTOMER, "shipments:read", TestRequest::get().uri(&location)).await;
    assert_eq!((read.status, read.body), (200, answer.body));
}

#[actix_web::test]
async fn an_order_makes_one_shipment_under_whatever_key_it_is_asked_for() {
    let company = company().await;
    let first = create(&company, "k1", "o-1").await;
    let same_key = create(&company, "k1", "o-1").await;
    let other_key = create(&company, "k2", "o-1").await;
    assert_eq!((first.status, same_key.status, other_key.status), (201, 201, 200));
    assert_eq!((&first.body, &first.body), (&same_key.body, &other_key.body));

    let mut elsewhere = sound_shipment("o-1");
    elsewhere["delivery_address"]["city"] = json!("Mannheim");
    let answer = company.call(CUSTOMER, "shipments:write", post("/shipments", "k3", &elsewhere)).await;
    assert_eq!((answer.status, answer.code()), (409, "conflict"));
    assert_eq!(company.waiting().await, 1, "the order is read once");
}

#[actix_web::test]
async fn each_single_defect_is_refused_where_it_is() {
    let company = company().await;
    let cases = [
        ("/order_reference", json!(""), "/order_reference"),
        ("/order_reference", json!("../orders"), "/order_reference"),
        ("/order_reference", json!("x".repeat(65)), "/order_reference"),
        ("/order_reference", json!(1), "/order_reference"),
        ("/delivery_address/country", json!("Germany"), "/delivery_address/country"),
        ("/delivery_address/street", json!("a\nb"), "/delivery_address/street"),
        ("/delivery_address/postal_code", json!("?"), "/delivery_address/postal_code"),
    ];
    for (index, (place, value, pointer)) in cases.into_iter().enumerate() {
        let mut shipment = sound_shipment("o-1");
        *shipment.pointer_mut(place).unwrap() = value.clone();
        let request = post("/shipments", &format!("k{index}"), &shipment);
        let answer = company.call(CUSTOMER, "shipments:write", request).await;
        assert_eq!((answer.status, answer.code()), (422, "validation_failed"), "{place} = {value}");
        assert_eq!(answer.pointers(), [pointer], "{place} = {value}");
    }
    let mut with_lines = sound_shipment("o-1");
    with_lines["lines"] = json!([]);
    let answer = company.call(CUSTOMER, "shipments:write", post("/shipments", "lines", &with_lines)).await;
    assert_eq!((answer.status, answer.pointers()), (422, vec!["/lines"]));
}

#[actix_web::test]
async fn a_caller_whose_orders_cannot_be_read_gets_no_shipment() {
    let company = company().await;
    for who in [OWN, "stranger"] {
        let answer = company.call(who, "shipments:write", post("/shipments", "k", &sound_shipment("o-1"))).await;
        assert_eq!((answer.status, answer.code()), (409, "conflict"), "{who}");
    }
}

#[actix_web::test]
async fn pages_show_every_shipment_once_newest_first() {
    let company = company().await;
    let mut ids = Vec::new();
    for reference in ["1", "2", "3", "4", "5"] {
        ids.push(created(&company, reference).await);
    }
    ids.reverse();
    let (mut path, mut seen) = ("/shipments?limit=2".to_owned(), Vec::new());
    loop {
        let page = company.call(CUSTOMER, "shipments:read", TestRequest::get().uri(&path)).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/shipments?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ids);
}

#[actix_web::test]
async fn a_partner_sees_the_shipments_that_it_asked_for_and_no_others() {
    let company = company().await;
    let id = created(&company, "o-1").await;
    let (one, events) = (format!("/shipments/{id}"), format!("/shipments/{id}/events"));
    for (who, status, count) in [(OWN, 200, 1), (CUSTOMER, 200, 1), ("stranger", 404, 0)] {
        let list = company.call(who, "shipments:read", TestRequest::get().uri("/shipments")).await;
        assert_eq!(list.body["items"].as_array().unwrap().len(), count, "{who}");
        for path in [&one, &events] {
            let read = company.call(who, "shipments:read", TestRequest::get().uri(path)).await;
            assert_eq!(read.status, status, "{who} reads {path}");
        }
    }
}

#[actix_web::test]
async fn a_shipment_stays_with_its_customer_whatever_the_files_of_policies_are_called() {
    let company = company().await;
    let one = format!("/shipments/{}", created(&company, "o-1").await);
    for (exchanged, name) in [(OWN, "stranger"), (CUSTOMER, OWN)] {
        company.exchange_names(exchanged, name);
        for (who, status) in [(OWN, 200), (CUSTOMER, 200), ("stranger", 404)] {
            let read = company.call(who, "shipments:read", TestRequest::get().uri(&one)).await;
            assert_eq!(read.status, status, "{who}");
        }
    }
}
