use async_trait::async_trait;
use bridge_jose::{Algorithm, VerificationKey};
use bridge_types::{Invalid, IssuerUrl, KeyId};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One who makes workload tokens, as `workload-issuers/NAME.toml` describes it.
#[derive(Debug)]
pub struct WorkloadIssuer {
    /// The stem of the file's name.
    pub name: String,
    /// What it is called in its tokens.
    pub authority: WorkloadAuthority,
    /// Which algorithms its tokens may have; at least one.
    pub algorithms: Vec<Algorithm>,
    /// The longest life of its tokens.
    pub max_token_lifetime: Duration,
    /// Its keys.
    pub keys: Arc<dyn WorkloadKeys>,
}

/// How an issuer of workload tokens is told from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadAuthority {
    /// By `iss`, compared byte for byte (OpenID Connect Core §2).
    Issuer(Platform, IssuerUrl),
    /// By the trust domain in `sub`. `iss` of a JWT-SVID is never looked at (SPIFFE JWT-SVID §3).
    TrustDomain(TrustDomain),
}

/// What kind of platform makes tokens with an `iss`. It decides which claims a client must be bound by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Projected service-account tokens of Kubernetes.
    Kubernetes,
    /// The OpenID Connect tokens of GitHub Actions, and of what imitates them.
    GithubActions,
    /// Any other: identity tokens of OpenBao, of a cloud, of another continuous integration.
    Oidc,
}

/// A SPIFFE trust domain, such as `prod.company-a.example` (SPIFFE-ID §2.1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustDomain(String);

impl TrustDomain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for a SPIFFE ID of a workload of this domain: a path of non-empty segments of letters, digits, `.`, `-` and
    /// `_` (SPIFFE-ID §2.2).
    pub fn has(&self, spiffe_id: &str) -> bool {
        let path = spiffe_id.strip_prefix("spiffe://").and_then(|rest| rest.strip_prefix(self.0.as_str()));
        let Some(path) = path.and_then(|path| path.strip_prefix('/')) else { return false };
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let segment = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(plain);
        spiffe_id.len() <= 2048 && path.split('/').all(segment)
    }
}

impl TryFrom<String> for TrustDomain {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
        if (1..=255).contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text));
        }
        Err(Invalid::new(
            "trust domain",
            "lower-case letters, digits, dots, hyphens and underscores, no spiffe://",
            &text,
        ))
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The keys of one issuer of workload tokens. The seam to whoever holds them: the composition reads them from a file, or
/// has them fetched.
#[async_trait]
pub trait WorkloadKeys: fmt::Debug + Send + Sync {
    /// The key of this id. May wait a few seconds for keys that are on their way.
    async fn find(&self, kid: &KeyId) -> Result<Arc<VerificationKey>, WorkloadKeyMissing>;
}

#[async_trait]
impl WorkloadKeys for bridge_jose::KeySet {
    async fn find(&self, kid: &KeyId) -> Result<Arc<VerificationKey>, WorkloadKeyMissing> {
        Self::find(self, kid).cloned().ok_or(WorkloadKeyMissing::Unknown)
    }
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadKeyMissing {
    /// The issuer has no key of this id.
    #[error("the issuer has no such key")]
    Unknown,
    /// Nobody knows: the keys cannot be had at the moment.
    #[error("{0}")]
    Unavailable(String),
}

#[cfg(test)]
mod tests {
    use super::TrustDomain;

    #[test]
    fn knows_the_workloads_of_its_own_domain_alone() {
        let domain = TrustDomain::try_from("prod.example".to_owned()).unwrap();
        assert!(domain.has("spiffe://prod.example/ns/shop/sa/orders_1"));
        for other in [
            "spiffe://prod.example",
            "spiffe://prod.example/",
            "spiffe://prod.example/a/",
            "spiffe://prod.example/a//b",
            "spiffe://prod.example/../a",
            "spiffe://prod.example/a?b",
            "spiffe://prod.example.evil/a",
            "spiffe://PROD.example/a",
            "SPIFFE://prod.example/a",
            "spiffe://other.example/a",
            "prod.example/a",
            "",
        ] {
            assert!(!domain.has(other), "{other}");
        }
        for text in ["", "spiffe://prod.example", "Prod", "a b", "a/b"] {
            assert!(TrustDomain::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
