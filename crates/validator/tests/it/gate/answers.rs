//! What a caller sees of a refusal, and what it does not.

use super::{bearer, get, send};
use crate::support::{API, Answer, ISSUER, World, jwks_uri};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::json;

const PLACE: &str = "resource_metadata=\"https://api.company-b.example/.well-known/oauth-protected-resource\"";

#[actix_web::test]
async fn challenges_say_what_rfc_6750_wants_and_where_the_metadata_are() {
    let world = World::new();
    let start = format!("Bearer realm=\"{API}\"");
    for (request, challenge) in [
        (get("/shipments"), Some(format!("{start}, {PLACE}"))),
        (
            get("/shipments?access_token=x"),
            Some(format!(
                "{start}, error=\"invalid_request\", error_description=\"expected one bearer token in one header\", {PLACE}"
            )),
        ),
        (
            bearer("/shipments", &world.token().claim("aud", "https://evil.example/\",error=\"none").sign()),
            Some(format!(
                "{start}, error=\"invalid_token\", error_description=\"the token is for another audience\", {PLACE}"
            )),
        ),
        (
            bearer("/shipments", &world.token().claim("scope", "shipments:write").sign()),
            Some(format!(
                "{start}, error=\"insufficient_scope\", error_description=\"the token lacks the scope\", scope=\"shipments:read\", {PLACE}"
            )),
        ),
        (bearer("/track", &world.token().claim("scope", "shipments:track").sign()).method(Method::POST), None),
        (bearer("/shipments", &world.token().claim("sub", "x").claim("client_id", "x").sign()), None),
        (bearer("/shipments", &world.token().sign()), None),
    ] {
        let seen = send(&world, request).await;
        assert_eq!(seen.header(WWW_AUTHENTICATE.as_str()), challenge.as_deref(), "{}", seen.body);
    }
}

#[actix_web::test]
async fn problems_have_one_shape_and_the_correlation_id_of_the_header() {
    let world = World::new();
    let token = world.token().sign();
    for (request, status, code, extra) in [
        (
            get("/shipments"),
            401,
            "token_missing",
            json!({"title": "Token missing", "detail": "a bearer token is required"}),
        ),
        (
            bearer("/shipments", &world.token().claim("scope", "x").sign()),
            403,
            "insufficient_scope",
            json!({"title": "Insufficient scope", "detail": "the token lacks the scope", "required_scope": "shipments:read"}),
        ),
        (
            bearer("/track", &token).method(Method::POST),
            403,
            "scope_beyond_ceiling",
            json!({"title": "Scope beyond ceiling", "detail": "this client may never do this"}),
        ),
        (
            bearer("/fail", &token),
            422,
            "validation_failed",
            json!({"title": "Validation failed", "detail": "the request body does not have the expected form",
                   "errors": [{"pointer": "/a", "expected": "c", "found": "b"}]}),
        ),
        (
            bearer("/nowhere", &token),
            404,
            "not_found",
            json!({"title": "Not found", "detail": "there is nothing at this address"}),
        ),
        (
            bearer("/shipments", &token).method(Method::DELETE),
            405,
            "method_not_allowed",
            json!({"title": "Method not allowed", "detail": "this method is not for this address"}),
        ),
    ] {
        let seen = send(&world, request).await;
        let mut expected = json!({"type": format!("urn:bridge:problem:{code}"), "status": status, "code": code,
                                  "correlation_id": seen.header("x-correlation-id").unwrap()});
        expected.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert_eq!(seen.body, expected);
        assert_eq!(seen.status, status);
        assert_eq!(seen.header(CONTENT_TYPE.as_str()), Some("application/problem+json"));
    }
}

#[actix_web::test]
async fn a_known_path_names_its_methods() {
    let world = World::new();
    let seen = send(&world, bearer("/shipments", &world.token().sign()).method(Method::PUT)).await;
    assert_eq!((seen.status, seen.header(ALLOW.as_str())), (405, Some("GET, POST")));
}

#[actix_web::test]
async fn every_answer_carries_a_correlation_id_of_ours() {
    let world = World::new();
    let token = world.token().sign();
    let mut seen = Vec::new();
    for request in [
        bearer("/shipments", &token),
        get("/shipments"),
        bearer("/nowhere", &token),
        get("/open"),
        bearer("/fail", &token),
    ] {
        let request = request.insert_header(("x-correlation-id", "chosen-by-the-caller"));
        let answer = send(&world, request).await;
        let id = answer.header("x-correlation-id").unwrap().to_owned();
        assert!(id.parse::<bridge_types::CorrelationId>().is_ok(), "{id}");
        seen.push(id);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[actix_web::test]
async fn keys_that_cannot_be_had_are_our_fault_for_now() {
    let world = World::new();
    world.network.answer(&jwks_uri(ISSUER), Answer::Status(500));
    let seen = send(&world, bearer("/shipments", &world.token().sign())).await;
    assert_eq!((seen.status, seen.code()), (503, "keys_unavailable"));
    assert_eq!((seen.header(RETRY_AFTER.as_str()), seen.header(WWW_AUTHENTICATE.as_str())), (Some("1"), None));
}

#[actix_web::test]
async fn policy_refusals_are_no_invitation_to_get_another_token() {
    for (edit, code) in [("enabled = false", "partner_disabled"), ("valid_until = 2020-01-01", "policy_expired")] {
        let world = World::new();
        world.edit(|policy| format!("{edit}\n{policy}"));
        let seen = send(&world, bearer("/shipments", &world.token().sign())).await;
        assert_eq!((seen.status, seen.code(), seen.header(WWW_AUTHENTICATE.as_str())), (403, code, None));
    }
}

#[actix_web::test]
async fn an_answer_contains_nothing_of_the_token() {
    let world = World::new();
    let secret = "zebra-in-the-claims";
    for token in [
        world.token().claim("aud", format!("https://{secret}.example")),
        world.token().claim("iss", format!("https://{secret}.example")),
        world.token().claim("sub", secret).claim("client_id", secret),
        world.token().claim("scope", secret),
        world.token().claim("exp", secret),
        world.token().header("kid", secret),
        world.token().header("typ", secret),
        world.token().header("alg", secret),
    ] {
        let seen = send(&world, bearer("/shipments", &token.sign())).await;
        assert!(seen.status >= 400);
        let shown = format!("{:?} {}", seen.headers, seen.body);
        assert!(!shown.contains(secret) && !shown.contains("order-service"), "{shown}");
    }
}
