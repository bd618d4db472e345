use serde_json::{Value, json};
use std::time::Duration;

/// Where the transit engine is mounted.
pub const TRANSIT: &str = "transit";

/// What a test's OpenBao holds when it is ready: a transit engine, the authentication methods `jwt` and `cert`, and
/// what the test adds.
#[derive(Debug, Clone, Default)]
pub struct OpenBaoSetup {
    added: Vec<(String, Value)>,
}

impl OpenBaoSetup {
    /// The engines and methods alone: nobody can log in yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the workload `name` log in, with a token (role `name` of `jwt`) or a certificate (role `name` of `cert`).
    /// The policy says what it may do; OpenBao tokens live for `token_lifetime` and can be renewed up to three times that.
    #[must_use]
    pub fn workload(self, name: &str, policy: &str, token_lifetime: Duration) -> Self {
        let seconds = token_lifetime.as_secs();
        let token = json!({
            "role_type": "jwt", "user_claim": "sub", "bound_subject": name, "bound_audiences": ["openbao"],
            "token_policies": [name], "token_ttl": seconds, "token_max_ttl": seconds * 3,
        });
        self.request(&format!("sys/policies/acl/{name}"), json!({ "policy": policy }))
            .request(&format!("auth/jwt/role/{name}"), token)
            .request(
                &format!("auth/cert/certs/{name}"),
                json!({
                    "certificate": AUTHORITY, "allowed_common_names": [name], "token_policies": [name],
                    "token_ttl": seconds, "token_max_ttl": seconds * 3,
                }),
            )
    }

    /// One more request (`update`) at the first start, after the others.
    #[must_use]
    pub fn request(mut self, path: &str, data: Value) -> Self {
        self.added.push((path.to_owned(), data));
        self
    }

    pub(super) fn requests(&self, workload_key: &str, audience: &str, authority: &str) -> Vec<(String, Value)> {
        let fixed = [
            (format!("sys/mounts/{TRANSIT}"), json!({"type": "transit"})),
            ("sys/auth/jwt".to_owned(), json!({"type": "jwt"})),
            ("auth/jwt/config".to_owned(), json!({"jwt_validation_pubkeys": [workload_key]})),
            ("sys/auth/cert".to_owned(), json!({"type": "cert"})),
        ];
        let mut requests = fixed.to_vec();
        requests.extend(self.added.clone());
        for (_, data) in &mut requests {
            let fill = |name: &str| data.get(name).is_some_and(|value| value == AUTHORITY);
            if fill("certificate") {
                data["certificate"] = authority.into();
            }
            if data.get("bound_audiences").is_some() {
                data["bound_audiences"] = json!([audience]);
            }
        }
        requests
    }
}

/// Stands for the certificate of the authority, which is made when the server starts.
const AUTHORITY: &str = "(the authority)";
