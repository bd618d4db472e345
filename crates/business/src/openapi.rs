use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, get};
use bridge_types::Audience;
use std::sync::Arc;
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{OpenApi, Server};

/// Where the flow's token endpoint stands for the reader: OpenAPI demands one, and there is no common one.
const TOKEN_URL: &str = "https://issuer.your-own-company.example/token";
const FLOW: &str = "An access token (RFC 9068) for this API, from the issuer of YOUR OWN company, whom this company trusts. \
                    There is no token endpoint here.";

/// Completes a description with where the API is and how it is authorized, and gives it as JSON.
pub fn describe(mut description: OpenApi, api: &Audience, scopes: &[(&str, &str)]) -> String {
    env!("CARGO_PKG_VERSION").clone_into(&mut description.info.version);
    description.servers = Some(vec![Server::new(api.as_str())]);
    let flow = Flow::ClientCredentials(ClientCredentials::new(TOKEN_URL, scopes.iter().copied().collect::<Scopes>()));
    let scheme = SecurityScheme::OAuth2(OAuth2::with_description([flow], FLOW));
    description.components.get_or_insert_default().add_security_scheme("client_credentials", scheme);
    serde_json::to_string_pretty(&description).unwrap_or_default()
}

/// Adds `/openapi.json`, which anybody may read: the description is no secret, and says how to be let in.
pub fn serve_description(config: &mut ServiceConfig, description: &Arc<str>) {
    let description = Arc::clone(description);
    let answer = move || {
        let answer = HttpResponse::Ok().content_type("application/json").body(description.to_string());
        async move { answer }
    };
    config.route("/openapi.json", get().to(answer));
}
