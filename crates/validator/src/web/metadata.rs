use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpResponse, web};
use bridge_types::{Audience, Scope, ScopeSet};
use serde::Serialize;
use url::Url;

/// The metadata of a protected resource (RFC 9728 §2), for people and tools that look for the reason of a refusal.
///
/// `authorization_servers` is left out on purpose: which partners a company has is not the public's business, and no
/// client of Bridge may ever choose an issuer by what a resource tells it.
#[derive(Debug, Clone, Serialize)]
pub struct ResourceMetadata {
    resource: Audience,
    scopes_supported: Vec<Scope>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip)]
    path: String,
}

impl ResourceMetadata {
    /// The metadata of the API with this audience, whose routes require these scopes.
    pub fn new(resource: Audience, scopes: &ScopeSet) -> Self {
        let path = url_of(&resource).path().to_owned();
        let scopes_supported = scopes.iter().cloned().collect();
        Self { resource, scopes_supported, bearer_methods_supported: ["header"], path }
    }
}

impl HttpServiceFactory for ResourceMetadata {
    /// Serves the document where RFC 9728 §3.1 puts it. Register it before the guarded scope: anybody may read it.
    fn register(self, config: &mut AppService) {
        let body = serde_json::to_string(&self).unwrap_or_default();
        let answer = move || {
            let body = body.clone();
            async move {
                let mut response = HttpResponse::Ok();
                response.content_type(ContentType::json()).insert_header((CACHE_CONTROL, "max-age=3600")).body(body)
            }
        };
        web::resource(self.path).route(web::get().to(answer)).register(config);
    }
}

/// Where the metadata of a resource are: the well-known part goes between host and path (RFC 9728 §3.1).
pub(super) fn url_of(resource: &Audience) -> Url {
    let mut url = resource.to_url();
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("/.well-known/oauth-protected-resource{path}"));
    url
}
