use actix_web::web::Bytes;
use bridge_jose::{Algorithm, PublicJwk, jwks_json};
use bridge_types::{Fingerprint, Invalid, IssuerUrl, StatusListUri};
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

    pub(crate) fn revocation_path(&self) -> String {
        format!("{}/revoke", self.base_path)
    }

    pub(crate) fn status_lists_path(&self) -> String {
        format!("{}/status-lists", self.base_path)
    }

    /// The address of one status list: `sub` of the list, `uri` of the tokens that refer to it.
    pub(crate) fn status_list(&self, number: u64) -> Result<StatusListUri, Invalid> {
        self.status_list_text(number).parse()
    }

    pub(crate) fn status_list_text(&self, number: u64) -> String {
        format!("{}/status-lists/{number}", self.base)
    }

    /// The number in the address of one of the own status lists.
    pub(crate) fn status_list_number(&self, uri: &StatusListUri) -> Option<u64> {
        let number = uri.as_str().strip_prefix(&self.base)?.strip_prefix("/status-lists/")?.parse().ok()?;
        (self.status_list_text(number) == uri.as_str()).then_some(number)
    }

    pub(crate) fn keys_path(&self) -> String {
        format!("{}/jwks.json", self.base_path)
    }

    /// RFC 8414 §3.1: the well-known part goes between host and path.
    pub(crate) fn metadata_path(&self) -> String {
        format!("/.well-known/oauth-authorization-server{}", self.base_path)
    }
}

/// How long a cache on the way may keep a list, in seconds: what it keeps delays a revocation beyond the list's `ttl`.
const STATUS_LIST_MAX_AGE: u32 = 1;

/// For how long a fetched key set may be kept, in seconds. A rotation waits for it.
pub(crate) const KEYS_MAX_AGE: u32 = 300;

/// A document that anybody may fetch and keep for a while.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) body: Bytes,
    pub(crate) content_type: &'static str,
    /// The opaque part of a strong entity tag (RFC 9110 §8.8.3).
    pub(crate) etag: String,
    /// For how long, in seconds.
    pub(crate) max_age: u32,
}

impl Document {
    fn new(json: String, max_age: u32) -> Self {
        let etag = Fingerprint::of(json.as_bytes()).to_string();
        Self { etag, body: json.into(), content_type: "application/json", max_age }
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
            "revocation_endpoint": format!("{base}/revoke"),
            "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
            "status_list_aggregation_endpoint": format!("{base}/status-lists"),
        });
        Self::new(metadata.to_string(), 3600)
    }

    /// The addresses of all status lists (draft-ietf-oauth-status-list §9.3).
    pub(crate) fn status_list_aggregation(uris: &[String]) -> Self {
        Self::new(json!({ "status_lists": uris }).to_string(), STATUS_LIST_MAX_AGE)
    }

    /// A signed status list (draft-ietf-oauth-status-list §8.2).
    pub(crate) fn status_list(token: String) -> Self {
        Self { content_type: "application/statuslist+jwt", ..Self::new(token, STATUS_LIST_MAX_AGE) }
    }
}
