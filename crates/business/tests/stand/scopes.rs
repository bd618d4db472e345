//! The routes and the description of an API, held against each other.

use super::Stand;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use bridge_company::Application;
use serde_json::Value;

impl<A: Application> Stand<A> {
    /// Each of the routes that the description names, of which there are so many, demands exactly the scope that it says.
    pub(crate) async fn assert_routes_demand_their_scopes(&self, count: usize) {
        let document = self.send(TestRequest::get().uri("/openapi.json")).await.body;
        let routes = routes(&document);
        assert_eq!(routes.len(), count);
        for (method, path, scope) in routes {
            let request = || TestRequest::with_uri(&path).method(method.clone());
            let bare = self.send(request()).await;
            assert_eq!((bare.status, bare.code()), (401, "token_missing"), "{method} {path}");
            for given in A::scopes().iter().map(ToString::to_string) {
                let answer = self.call(self.company, &given, request()).await;
                if given == scope {
                    assert!(![401, 403].contains(&answer.status), "{method} {path} with {given}: {}", answer.status);
                } else {
                    let refused = (answer.status, answer.code());
                    assert_eq!(refused, (403, "insufficient_scope"), "{method} {path} with {given}");
                    assert_eq!(answer.body["required_scope"], scope, "{method} {path}");
                }
            }
        }
    }

    /// The description is open, names the flow and every scope, and refers to nothing that it lacks.
    pub(crate) async fn assert_description_is_complete(&self) {
        let answer = self.send(TestRequest::get().uri("/openapi.json")).await;
        assert_eq!((answer.status, &answer.body["openapi"]), (200, &Value::from("3.1.0")));
        let flow = &answer.body["components"]["securitySchemes"]["client_credentials"]["flows"]["clientCredentials"];
        let named: Vec<_> = flow["scopes"].as_object().unwrap().keys().map(String::as_str).collect();
        let scopes = A::scopes();
        assert_eq!(named.len(), scopes.len());
        assert!(named.iter().all(|name| scopes.contains(name)), "{named:?}");
        assert_eq!(dangling(&answer.body, &answer.body), Vec::<&str>::new());
    }
}

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
