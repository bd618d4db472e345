use actix_web::web::Bytes;
use bridge_jose::{Algorithm, PublicJwk, jwks_json};
use bridge_types::{Fingerprint, IssuerUrl};
use serde_json::json;

/// The addresses of an issuer, under its identifier.
pub(crate) struct Endpoints {
    base: String,
    base_path: String,
}

impl Endpoints {
    pub(crate) fn of(issuer: &IssuerUrl) -> Self {
        let base = issuer.as_str().trim_end_matches('/').to_owned();
        let base_path = issuer.to_url().path().trim_end_matches('/').to_owned();
        Self { base, base_path }
    }

    pub(crate) fn token_path(&self) -> String {
        format!("{}/token", self.base_path)
    }

    pub(crate) fn keys_path(&self) -> String {
        format!("{}/jwks.json", self.base_path)
    }

    /// RFC 8414 §3.1: the well-known part goes between host and path.
    pub(crate) fn metadata_path(&self) -> String {
        format!("/.well-known/oauth-authorization-server{}", self.base_path)
    }
}

/// For how long a fetched key set may be kept, in seconds. A rotation waits for it.
pub(crate) const KEYS_MAX_AGE: u32 = 300;

/// A JSON document that anybody may fetch and keep for a while.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) body: Bytes,
    /// The opaque part of a strong entity tag (RFC 9110 §8.8.3).
    pub(crate) etag: String,
    /// For how long, in seconds.
    pub(crate) max_age: u32,
}

impl Document {
    fn new(json: String, max_age: u32) -> Self {
        Self { etag: Fingerprint::of(json.as_bytes()).to_string(), body: json.into(), max_age }
    }

    /// The JWK set (RFC 7517 §5).
    pub(crate) fn keys<'k>(keys: impl IntoIterator<Item = &'k PublicJwk>) -> Self {
        Self::new(jwks_json(keys), KEYS_MAX_AGE)
    }

    /// The metadata of the issuer (RFC 8414 §2). What is absent is not offered.
    pub(crate) fn metadata(issuer: &IssuerUrl) -> Self {
        let base = Endpoints::of(issuer).base;
        let algorithms = Algorithm::ALL.map(Algorithm::as_str);
        let metadata = json!({
            "issuer": issuer.as_str(),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/jwks.json"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
        });
        Self::new(metadata.to_string(), 3600)
    }
}
