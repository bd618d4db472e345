//! The metadata of the API (RFC 9728).

use crate::support::API;
use actix_web::App;
use actix_web::dev::Service;
use actix_web::test::{TestRequest, init_service, read_body_json};
use bridge_validator::ResourceMetadata;
use serde_json::{Value, json};

#[actix_web::test]
async fn metadata_help_with_a_diagnosis_and_name_no_partner() {
    for (resource, path) in [
        (API.to_owned(), "/.well-known/oauth-protected-resource"),
        (format!("{API}/"), "/.well-known/oauth-protected-resource"),
        (format!("{API}/v1"), "/.well-known/oauth-protected-resource/v1"),
    ] {
        let scopes = "shipments:write shipments:read".parse().unwrap();
        let metadata = ResourceMetadata::new(resource.parse().unwrap(), &scopes);
        let app = init_service(App::new().service(metadata)).await;
        let response = app.call(TestRequest::with_uri(path).to_request()).await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert_eq!(response.headers().get("content-type").unwrap(), "application/json");
        let document: Value = read_body_json(response).await;
        let expected = json!({"resource": resource, "scopes_supported": ["shipments:read", "shipments:write"],
                              "bearer_methods_supported": ["header"]});
        assert_eq!(document, expected);
    }
}
