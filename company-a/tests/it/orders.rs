use crate::{CARRIER, OWN, company, place, placed, post, sound_order};
use actix_web::test::TestRequest;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

#[actix_web::test]
async fn a_placed_order_is_answered_and_read_back_the_same() {
    let company = company().await;
    let answer = place(&company, "k1").await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["status"], "placed");
    assert_eq!(answer.body["total"], json!({ "amount_minor": 8498, "currency": "EUR" }));
    for member in ["carrier", "delivery_address", "lines"] {
        assert_eq!(answer.body[member], sound_order()[member]);
    }
    let location = answer.headers.get("location").unwrap().to_str().unwrap().to_owned();
    assert_eq!(location, format!("/orders/{}", answer.body["id"].as_str().unwrap()));
    let read = company.call(OWN, "orders:read", TestRequest::get().uri(&location)).await;
    assert_eq!((read.status, read.body), (200, answer.body));
}

#[actix_web::test]
async fn the_same_key_places_one_order() {
    let company = company().await;
    let first = place(&company, "same").await;
    let again = place(&company, "same").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert!(again.headers.contains_key("idempotency-replayed") && !first.headers.contains_key("idempotency-replayed"));
    assert_ne!(placed(&company, "other").await, first.body["id"].as_str().unwrap());

    let mut changed = sound_order();
    changed["lines"][0]["quantity"] = json!(3);
    let reused = company.call(OWN, "orders:write", post("/orders", "same", &changed)).await;
    assert_eq!((reused.status, reused.code()), (422, "idempotency_key_reused"));
    let of_another = company.call_as(OWN, "second", "orders:write", post("/orders", "same", &changed)).await;
    assert_eq!(of_another.status, 201, "another client's keys are its own");
}

#[actix_web::test]
async fn of_a_flood_of_orders_those_beyond_the_queue_are_told_when_to_come_back() {
    let company = company().await;
    let blocker = company.database.write().await.unwrap();
    let keys: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    let mut answers: FuturesUnordered<_> = keys.iter().map(|key| place(&company, key)).collect();
    for _ in 0..8 {
        let answer = answers.next().await.unwrap();
        assert_eq!((answer.status, answer.code()), (503, "overloaded"));
        assert_eq!(answer.headers.get("retry-after").unwrap(), "1");
    }
    drop(blocker);
    while let Some(answer) = answers.next().await {
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    assert_eq!(place(&company, "later").await.status, 201);
}

#[actix_web::test]
async fn a_write_needs_one_sound_key_and_a_json_body() {
    let company = company().await;
    let body = sound_order();
    let without = TestRequest::post().uri("/orders").set_json(&body);
    let twice = post("/orders", "a", &body).append_header(("Idempotency-Key", "b"));
    let blank = post("/orders", "a b", &body);
    let long = post("/orders", &"k".repeat(129), &body);
    for request in [without, twice, blank, long] {
        let answer = company.call(OWN, "orders:write", request).await;
        assert_eq!((answer.status, answer.code()), (400, "idempotency_key_missing"));
    }
    let text = TestRequest::post().uri("/orders").insert_header(("Idempotency-Key", "k")).set_payload(body.to_string());
    let answer = company.call(OWN, "orders:write", text).await;
    assert_eq!((answer.status, answer.code()), (415, "unsupported_media_type"));
    let large = TestRequest::post()
        .uri("/orders")
        .insert_header(("Idempotency-Key", "k"))
        .insert_header(("Content-Type", "application/json"))
        .set_payload(" ".repeat(256 * 1024 + 1));
    let answer = company.call(OWN, "orders:write", large).await;
    assert_eq!((answer.status, answer.code()), (413, "body_too_large"));
}

#[actix_web::test]
async fn each_single_defect_is_refused_where_it_is() {
    let company = company().await;
    let line = || sound_order()["lines"][0].clone();
    let cases: Vec<(&str, Value, &str)> = vec![
        ("/carrier", json!("nobody"), "/carrier"),
        ("/carrier", json!(OWN), "/carrier"),
        ("/carrier", json!(""), "/carrier"),
        ("/carrier", json!(7), "/carrier"),
        ("/delivery_address/country", json!("XX"), "/delivery_address/country"),
        ("/delivery_address/name", json!("Ada\u{7}"), "/delivery_address/name"),
        ("/lines", json!([]), "/lines"),
        ("/lines", json!(vec![line(); 101]), "/lines"),
        ("/lines/0/quantity", json!(0), "/lines/0/quantity"),
        ("/lines/0/quantity", json!(10_001), "/lines/0/quantity"),
        ("/lines/0/quantity", json!(1.5), "/lines/0/quantity"),
        ("/lines/1/weight_grams", json!(0), "/lines/1/weight_grams"),
        ("/lines/1/sku", json!(""), "/lines/1/sku"),
        ("/lines/1/description", json!("x".repeat(201)), "/lines/1/description"),
        ("/lines/0/unit_price/amount_minor", json!(-1), "/lines/0/unit_price/amount_minor"),
        ("/lines/0/unit_price/amount_minor", json!(1_000_000_001), "/lines/0/unit_price/amount_minor"),
        ("/lines/0/unit_price/currency", json!("EURO"), "/lines/0/unit_price/currency"),
        ("/lines/1/unit_price/currency", json!("USD"), "/lines/1/unit_price/currency"),
    ];
    for (index, (place, value, pointer)) in cases.into_iter().enumerate() {
        let mut order = sound_order();
        *order.pointer_mut(place).unwrap() = value.clone();
        let answer = company.call(OWN, "orders:write", post("/orders", &format!("k{index}"), &order)).await;
        assert_eq!((answer.status, answer.code()), (422, "validation_failed"), "{place} = {value}");
        assert_eq!(answer.pointers(), [pointer], "{place} = {value}");
    }
    let mut unknown = sound_order();
    unknown["lines"][0]["price"] = json!(1);
    let answer = company.call(OWN, "orders:write", post("/orders", "unknown", &unknown)).await;
    assert_eq!((answer.status, answer.pointers()), (422, vec!["/lines/0/price"]));
    let list = company.call(OWN, "orders:read", TestRequest::get().uri("/orders")).await;
    assert_eq!(list.body["items"], json!([]), "something was kept");
}

#[actix_web::test]
async fn all_wrong_values_are_told_at_once() {
    let company = company().await;
    let mut order = sound_order();
    order["delivery_address"]["city"] = json!("");
    order["lines"][0]["quantity"] = json!(0);
    order["lines"][1]["sku"] = json!(" ");
    let answer = company.call(OWN, "orders:write", post("/orders", "k", &order)).await;
    assert_eq!(answer.pointers(), ["/delivery_address/city", "/lines/0/quantity", "/lines/1/sku"]);
}

#[actix_web::test]
async fn pages_show_every_order_once_newest_first() {
    let company = company().await;
    let mut ids = Vec::new();
    for key in ["1", "2", "3", "4", "5"] {
        ids.push(placed(&company, key).await);
    }
    ids.reverse();
    let (mut path, mut seen) = ("/orders?limit=2".to_owned(), Vec::new());
    loop {
        let page = company.call(OWN, "orders:read", TestRequest::get().uri(&path)).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/orders?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ids);
    let wrong = company.call(OWN, "orders:read", TestRequest::get().uri("/orders?limit=0&cursor=x&page=1")).await;
    assert_eq!((wrong.status, wrong.pointers()), (422, vec!["/limit", "/cursor", "/page"]));
}

#[actix_web::test]
async fn a_partner_sees_the_orders_that_it_carries_and_no_others() {
    let company = company().await;
    let id = placed(&company, "k").await;
    let (one, events) = (format!("/orders/{id}"), format!("/orders/{id}/tracking-events"));
    for (who, status, count) in [(OWN, 200, 1), (CARRIER, 200, 1), ("stranger", 404, 0)] {
        let list = company.call(who, "orders:read", TestRequest::get().uri("/orders")).await;
        assert_eq!(list.body["items"].as_array().unwrap().len(), count, "{who}");
        for path in [&one, &events] {
            let read = company.call(who, "orders:read", TestRequest::get().uri(path)).await;
            assert_eq!(read.status, status, "{who} reads {path}");
        }
    }
    let hidden = company.call("stranger", "orders:read", TestRequest::get().uri(&one)).await;
    let absent = company.call("stranger", "orders:read", TestRequest::get().uri("/orders/none")).await;
    let apart = |mut body: Value| body.as_object_mut().unwrap().remove("correlation_id").map(|_| body);
    assert_eq!(apart(hidden.body), apart(absent.body), "the answers tell what exists");
}

#[actix_web::test]
async fn an_order_stays_with_its_carrier_whatever_the_files_of_policies_are_called() {
    let company = company().await;
    let one = format!("/orders/{}", placed(&company, "k").await);
    company.exchange_names(CARRIER, "stranger");
    for (who, status, count) in [(OWN, 200, 1), (CARRIER, 200, 1), ("stranger", 404, 0)] {
        let read = company.call(who, "orders:read", TestRequest::get().uri(&one)).await;
        assert_eq!(read.status, status, "{who}");
        let list = company.call(who, "orders:read", TestRequest::get().uri("/orders")).await;
        assert_eq!(list.body["items"].as_array().unwrap().len(), count, "{who}");
    }
}

#[actix_web::test]
async fn a_partner_whose_file_takes_the_name_of_the_company_sees_no_more_than_before() {
    let company = company().await;
    let one = format!("/orders/{}", placed(&company, "k").await);
    company.exchange_names(OWN, "stranger");
    for (who, status) in [(OWN, 200), ("stranger", 404)] {
        let read = company.call(who, "orders:read", TestRequest::get().uri(&one)).await;
        assert_eq!(read.status, status, "{who}");
    }
}
