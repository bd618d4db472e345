//! Tokens as platforms give them to the processes that run on them.

use super::{Forge, TestIssuer};
use bridge_jose::{SigningKey, Typ};
use bridge_types::TokenId;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The uid of the service account in [`TestIssuer::kubernetes_token`].
pub const SERVICE_ACCOUNT_UID: &str = "6f1c2f0e-43a5-4b6b-9d5b-0d7b4c1f9a11";

impl TestIssuer {
    /// A valid projected service-account token of ten minutes for `orders` in `prod`, to be spoilt.
    pub fn kubernetes_token(&self, audience: &str, now: Timestamp) -> Forge {
        let account = json!({"name": "orders", "uid": SERVICE_ACCOUNT_UID});
        self.platform_token(json!({
            "iss": self.url, "sub": "system:serviceaccount:prod:orders", "aud": [audience],
            "iat": now.as_second(), "nbf": now.as_second(), "exp": now.as_second() + 600, "jti": TokenId::random(),
            "kubernetes.io": {
                "namespace": "prod", "serviceaccount": account,
                "pod": {"name": "orders-0", "uid": "0a0e57a4-65b5-4b0c-8e8a-3b1ff1d7a1c2"},
                "node": {"name": "node-1", "uid": "f4e1d5b4-6f2e-4c3b-9f0e-2a6a3c7f9d10"},
            },
        }))
    }

    /// A valid token of a workflow of GitHub Actions, of five minutes, to be spoilt.
    pub fn github_actions_token(&self, audience: &str, now: Timestamp) -> Forge {
        self.platform_token(json!({
            "iss": self.url, "sub": "repo:octo-org/orders:environment:production", "aud": audience,
            "iat": now.as_second(), "nbf": now.as_second(), "exp": now.as_second() + 300, "jti": TokenId::random(),
            "repository": "octo-org/orders", "repository_id": "74", "repository_owner": "octo-org",
            "repository_owner_id": "65", "environment": "production", "ref": "refs/heads/main",
            "job_workflow_ref": "octo-org/automation/.github/workflows/deploy.yml@refs/heads/main",
        }))
    }

    /// A token of these claims with the header that platforms write.
    pub fn platform_token(&self, claims: Value) -> Forge {
        Forge::new(&self.key, Typ::AccessToken, claims).header("typ", "JWT")
    }
}

impl Forge {
    /// A valid JWT-SVID of five minutes (SPIFFE JWT-SVID §3), without `iss` and `iat`, to be spoilt.
    pub fn jwt_svid(key: &SigningKey, spiffe_id: &str, audience: &str, now: Timestamp) -> Self {
        let claims = json!({"sub": spiffe_id, "aud": [audience], "exp": now.as_second() + 300});
        Self::new(key, Typ::AccessToken, claims).header("typ", "JWT")
    }
}
