use crate::support::{FakeStore, ISSUER, World, header, ring, stores};
use actix_web::http::{Method, StatusCode};
use actix_web::{App, test};
use bridge_issuer::{Clients, Issuer, IssuerConfig};
use bridge_jose::{Algorithm, KeySet};
use bridge_testkit::ManualClock;
use bridge_types::IssuerUrl;
use serde_json::{Value, json};
use std::sync::Arc;

macro_rules! serve {
    ($issuer:expr) => {
        test::init_service(App::new().configure(|config| $issuer.configure(config))).await
    };
}

const METADATA: &str = "/.well-known/oauth-authorization-server";

#[actix_web::test]
async fn the_metadata_says_everything_that_is_offered_and_nothing_else() {
    let world = World::new().await;
    let app = serve!(world.issuer);
    let answer = test::call_service(&app, test::TestRequest::get().uri(METADATA).to_request()).await;
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!(header(&answer, "cache-control"), "public, max-age=3600");
    let metadata: Value = test::read_body_json(answer).await;
    assert_eq!(
        metadata,
        json!({
            "issuer": ISSUER,
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/jwks.json"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "EdDSA", "PS256", "RS256"],
            "revocation_endpoint": format!("{ISSUER}/revoke"),
            "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported": ["ES256", "EdDSA", "PS256", "RS256"],
            "status_list_aggregation_endpoint": format!("{ISSUER}/status-lists"),
        })
    );
}

#[actix_web::test]
async fn the_key_set_is_cacheable_and_complete() {
    let world = World::new().await;
    let app = serve!(world.issuer);
    let answer = test::call_service(&app, test::TestRequest::get().uri("/jwks.json").to_request()).await;
    assert_eq!(header(&answer, "cache-control"), "public, max-age=300");
    let etag = header(&answer, "etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 8, "{etag} is not a strong entity tag");
    let body = test::read_body(answer).await;
    let (keys, ignored) = KeySet::parse(&body).unwrap();
    assert!(ignored.is_empty());
    assert_eq!(keys.kids().collect::<Vec<_>>(), [world.signing().kid()]);

    for (held, status) in [
        (etag.clone(), StatusCode::NOT_MODIFIED),
        (format!("W/{etag}"), StatusCode::NOT_MODIFIED),
        (format!("\"old\", {etag}"), StatusCode::NOT_MODIFIED),
        ("*".to_owned(), StatusCode::NOT_MODIFIED),
        ("\"old\"".to_owned(), StatusCode::OK),
        ("nonsense".to_owned(), StatusCode::OK),
    ] {
        let request = test::TestRequest::get().uri("/jwks.json").insert_header(("if-none-match", held.as_str()));
        let answer = test::call_service(&app, request.to_request()).await;
        assert_eq!((answer.status(), header(&answer, "etag")), (status, &*etag), "{held}");
        assert_eq!(test::read_body(answer).await.is_empty(), status == StatusCode::NOT_MODIFIED, "{held}");
    }
}

#[actix_web::test]
async fn the_documents_are_only_read_and_the_token_endpoint_is_only_posted_to() {
    let world = World::new().await;
    let app = serve!(world.issuer);
    for (path, allowed) in [("/token", "POST"), ("/jwks.json", "GET, HEAD"), (METADATA, "GET, HEAD")] {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let name = method.to_string();
            let request = test::TestRequest::with_uri(path).method(method).to_request();
            let answer = test::call_service(&app, request).await;
            let refused = answer.status() == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(refused, !allowed.contains(&name), "{name} {path}");
            if refused {
                assert_eq!(header(&answer, "allow"), allowed, "{name} {path}");
            }
        }
    }
}

#[actix_web::test]
async fn an_issuer_with_a_path_has_its_routes_under_it() {
    for issuer in ["https://login.company-a.example/tenants/1", "https://login.company-a.example/tenants/1/"] {
        let issuer: IssuerUrl = issuer.parse().unwrap();
        let (store, clock) = (Arc::new(FakeStore::default()), Arc::new(ManualClock::default()));
        let ring = ring(&store, &clock).await;
        let config = IssuerConfig::new(issuer.clone(), Algorithm::Es256, IssuerConfig::DEFAULT_LIFETIME).unwrap();
        let served = Issuer::start(config, stores(&store), ring, Clients::default(), clock).await.unwrap();
        let app = serve!(served);
        let path = issuer.metadata_url().path().to_owned();
        assert_eq!(path, format!("{METADATA}/tenants/1"));
        let metadata: Value =
            test::call_and_read_body_json(&app, test::TestRequest::get().uri(&path).to_request()).await;
        assert_eq!(metadata["issuer"], issuer.as_str());
        for (member, method, status) in [
            ("jwks_uri", Method::GET, 200),
            ("token_endpoint", Method::POST, 400),
            ("revocation_endpoint", Method::POST, 400),
            ("status_list_aggregation_endpoint", Method::GET, 200),
        ] {
            let url = metadata[member].as_str().unwrap().strip_prefix("https://login.company-a.example").unwrap();
            let request = test::TestRequest::with_uri(url).method(method).to_request();
            assert_eq!(test::call_service(&app, request).await.status().as_u16(), status, "{url}");
        }
    }
}
