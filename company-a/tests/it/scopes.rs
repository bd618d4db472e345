use crate::{OWN, company};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use company_a::scopes;
use serde_json::Value;

/// Every route of the document: method, path, and the one scope that it requires.
fn routes(document: &Value) -> Vec<(Method, String, String)> {
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let required = operation["security"][0]["client_credentials"].as_array().unwrap();
            assert_eq!(required.len(), 1, "{method} {path}");
            let scope = required[0].as_str().unwrap().to_owned();
            routes.push((method.to_uppercase().parse().unwrap(), path.replace("{id}", "x"), scope));
        }
    }
    routes
}

#[actix_web::test]
async fn each_route_demands_exactly_the_scope_that_the_document_says() {
    let company = company().await;
    let document = company.send(TestRequest::get().uri("/openapi.json")).await.body;
    let routes = routes(&document);
    assert_eq!(routes.len(), 5);
    for (method, path, scope) in routes {
        let request = || TestRequest::with_uri(&path).method(method.clone());
        let bare = company.send(request()).await;
        assert_eq!((bare.status, bare.code()), (401, "token_missing"), "{method} {path}");
        for (given, _) in scopes::ALL {
            let answer = company.call(OWN, given, request()).await;
            if given == scope {
                assert!(![401, 403].contains(&answer.status), "{method} {path} with {given}: {}", answer.status);
            } else {
                assert_eq!((answer.status, answer.code()), (403, "insufficient_scope"), "{method} {path} with {given}");
                assert_eq!(answer.body["required_scope"], scope, "{method} {path}");
            }
        }
    }
}

#[actix_web::test]
async fn the_document_is_open_and_names_the_flow_and_every_scope() {
    let company = company().await;
    let answer = company.send(TestRequest::get().uri("/openapi.json")).await;
    assert_eq!((answer.status, &answer.body["openapi"]), (200, &Value::from("3.1.0")));
    let flow = &answer.body["components"]["securitySchemes"]["client_credentials"]["flows"]["clientCredentials"];
    let named: Vec<_> = flow["scopes"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named.len(), scopes::all().len());
    assert!(named.iter().all(|name| scopes::all().contains(name)), "{named:?}");
    assert_eq!(dangling(&answer.body, &answer.body), Vec::<&str>::new());
}

/// The references in a part of the document that lead nowhere.
fn dangling<'d>(document: &Value, part: &'d Value) -> Vec<&'d str> {
    match part {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("$ref", Some(place)) if document.pointer(place.trim_start_matches('#')).is_none() => vec![place],
                _ => dangling(document, value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| dangling(document, item)).collect(),
        _ => Vec::new(),
    }
}
