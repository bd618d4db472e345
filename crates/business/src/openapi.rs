use bridge_types::Audience;
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
