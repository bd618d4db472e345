use super::error::{FailedAttempt, TokenFailure};
use super::exchange::Exchange;
use crate::text::excerpt;
use bridge_types::OwnIssuer;
use http::{Request, StatusCode, header};
use oauth2::HttpResponse;
use serde::Deserialize;
use url::Url;

/// The token endpoint of the own issuer.
///
/// The only way to make one is to find it in the own issuer's metadata, so a value of this type never is a partner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenEndpoint(Url);

/// What is read of the metadata document (RFC 8414 §2).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    token_endpoint: String,
}

impl TokenEndpoint {
    /// Reads the issuer's metadata (RFC 8414 §3) and checks that it is this issuer's, byte for byte, and that the token
    /// endpoint has the issuer's origin.
    pub(super) async fn discover(issuer: &OwnIssuer, exchange: &Exchange<'_>) -> Result<Self, FailedAttempt> {
        let url = issuer.url().metadata_url();
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = url.as_str().parse().unwrap_or_default();
        request.headers_mut().insert(header::ACCEPT, http::HeaderValue::from_static("application/json"));
        let found = exchange.send(request).await.and_then(|answer| Self::read(issuer, &url, &answer));
        found.map_err(|cause| exchange.failed(cause))
    }

    fn read(issuer: &OwnIssuer, url: &Url, answer: &HttpResponse) -> Result<Self, TokenFailure> {
        if answer.status() != StatusCode::OK {
            return Err(TokenFailure::Status { url: url.to_string(), status: answer.status().as_u16() });
        }
        let metadata: Metadata =
            bridge_jose::parse_strict(answer.body()).ok().and_then(Result::ok).ok_or_else(|| TokenFailure::Form {
                url: url.to_string(),
                expected: "authorization server metadata (RFC 8414 section 2)",
            })?;
        if metadata.issuer != issuer.url().as_str() {
            return Err(TokenFailure::WrongIssuer { expected: issuer.url().clone(), found: excerpt(&metadata.issuer) });
        }
        let origin = issuer.url().to_url().origin();
        let own = |endpoint: &Url| {
            let bare = endpoint.username().is_empty() && endpoint.password().is_none() && endpoint.fragment().is_none();
            bare && endpoint.origin() == origin
        };
        Url::parse(&metadata.token_endpoint).ok().filter(own).map(Self).ok_or_else(|| {
            TokenFailure::ForeignTokenEndpoint {
                expected: origin.ascii_serialization(),
                found: excerpt(&metadata.token_endpoint),
            }
        })
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::TokenEndpoint;
    use crate::token::error::TokenFailure;
    use bridge_types::OwnIssuer;
    use oauth2::HttpResponse;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://issuer.example:8441/a";

    fn read(body: impl Into<Vec<u8>>) -> Result<TokenEndpoint, TokenFailure> {
        let issuer = OwnIssuer::new(ISSUER.parse().unwrap());
        TokenEndpoint::read(&issuer, &issuer.url().metadata_url(), &HttpResponse::new(body.into()))
    }

    fn metadata(name: &str, value: &str) -> String {
        let mut metadata = json!({"issuer": ISSUER, "token_endpoint": "https://issuer.example:8441/token"});
        metadata[name] = Value::from(value);
        metadata.to_string()
    }

    #[test]
    fn accepts_an_endpoint_of_the_same_origin() {
        for endpoint in ["https://issuer.example:8441/token", "https://ISSUER.example:8441/a/token?tenant=1"] {
            assert!(read(metadata("token_endpoint", endpoint)).is_ok(), "refused {endpoint}");
        }
    }

    #[test]
    fn refuses_an_endpoint_of_another_origin() {
        for endpoint in [
            "https://issuer.example/token",
            "https://issuer.example:8442/token",
            "http://issuer.example:8441/token",
            "https://evil.example:8441/token",
            "https://issuer.example:8441@evil.example/token",
            "https://user@issuer.example:8441/token",
            "https://issuer.example:8441/token#fragment",
            "https://issuer.example.evil.example:8441/token",
            "//issuer.example:8441/token",
            "/token",
            "",
        ] {
            let found = read(metadata("token_endpoint", endpoint));
            assert!(matches!(found, Err(TokenFailure::ForeignTokenEndpoint { .. })), "{endpoint}: {found:?}");
        }
    }

    #[test]
    fn refuses_the_metadata_of_another_issuer() {
        for other in ["https://issuer.example:8441", "https://issuer.example:8441/a/", "https://ISSUER.example:8441/a"]
        {
            let found = read(metadata("issuer", other));
            assert!(matches!(found, Err(TokenFailure::WrongIssuer { .. })), "{other}: {found:?}");
        }
    }

    #[test]
    fn refuses_what_is_not_metadata() {
        let twice = metadata("issuer", ISSUER).replacen('{', r#"{"issuer":"https://evil.example","#, 1);
        for body in ["", "[]", "{}", r#"{"issuer":1,"token_endpoint":"x"}"#, &twice] {
            assert!(matches!(read(body), Err(TokenFailure::Form { .. })), "accepted {body:?}");
        }
    }
}
