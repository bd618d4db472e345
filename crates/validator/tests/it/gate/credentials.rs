//! Which requests bring credentials at all.

use super::{bearer, get, send};
use crate::support::World;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

#[actix_web::test]
async fn lets_a_good_token_through_whatever_the_case_of_its_scheme() {
    let world = World::new();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let request = get("/shipments").insert_header((AUTHORIZATION, format!("{scheme} {}", world.token().sign())));
        let seen = send(&world, request).await;
        assert_eq!(seen.status, 200, "{scheme}");
        assert_eq!(seen.body, json!({"client": "order-service", "partner": "company-a"}));
    }
}

#[actix_web::test]
async fn demands_exactly_one_bearer_token_in_exactly_one_header() {
    let world = World::new();
    let token = world.token().sign();
    let header = |value: String| get("/shipments").insert_header((AUTHORIZATION, value));
    for (name, request, status, code) in [
        ("nothing", get("/shipments"), 401, "token_missing"),
        ("another scheme", header("Basic YTpi".into()), 401, "token_missing"),
        (
            "two headers",
            header(format!("Bearer {token}")).append_header((AUTHORIZATION, format!("Bearer {token}"))),
            400,
            "request_invalid",
        ),
        (
            "two schemes in two headers",
            header("Basic YTpi".into()).append_header((AUTHORIZATION, format!("Bearer {token}"))),
            400,
            "request_invalid",
        ),
        ("two schemes in one header", header(format!("Bearer {token}, Basic YTpi")), 400, "request_invalid"),
        ("no token behind the scheme", header("Bearer".into()), 400, "request_invalid"),
        ("a token in quotes", header(format!("Bearer \"{token}\"")), 400, "request_invalid"),
        ("a token in the query", get(&format!("/shipments?access_token={token}")), 400, "request_invalid"),
        (
            "a token in the query, escaped",
            get(&format!("/shipments?x=1&access%5Ftoken={token}")),
            400,
            "request_invalid",
        ),
        ("a token in both", bearer("/shipments?access_token=x", &token), 400, "request_invalid"),
        ("9 KiB", header(format!("Bearer {}", "a".repeat(9000))), 401, "token_too_large"),
        ("no token", header("Bearer x".into()), 401, "token_malformed"),
    ] {
        let seen = send(&world, request).await;
        assert_eq!((seen.status, seen.code()), (status, code), "{name}");
    }
    let form =
        get("/shipments").method(Method::POST).insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"));
    let seen = send(&world, form.set_payload(format!("access_token={token}"))).await;
    assert_eq!((seen.status, seen.code()), (401, "token_missing"), "a token in a form");
}
