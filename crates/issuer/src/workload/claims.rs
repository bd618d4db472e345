use super::{Platform, WorkloadAuthority};
use crate::defect::ClientDefect;
use bridge_types::Invalid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// How many characters of a claim go to the log.
const MAX_FOUND: usize = 128;

/// Claims that are checked for every token anyway, or differ from token to token: binding them says nothing.
const NOT_FOR_BINDING: [&str; 6] = ["/iss", "/aud", "/exp", "/iat", "/nbf", "/jti"];

/// Where a claim stands: a JSON pointer (RFC 6901), because names of claims contain dots, as `kubernetes.io` does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ClaimPointer(String);

impl TryFrom<String> for ClaimPointer {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if text.len() > 1 && text.starts_with('/') && escapes && !text.chars().any(char::is_control) {
            return Ok(Self(text));
        }
        let expected = "a JSON pointer (RFC 6901) such as \"/sub\" or \"/kubernetes.io/serviceaccount/uid\"";
        Err(Invalid::new("claim", expected, &text))
    }
}

impl fmt::Display for ClaimPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a claim must be: of this type and of exactly this value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum BoundValue {
    /// A text, compared byte for byte.
    Text(String),
    /// A whole number. `1.0` and `"1"` are others than `1`.
    Number(i64),
    /// True or false.
    Flag(bool),
}

impl BoundValue {
    fn is(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Text(expected), Value::String(found)) => expected == found,
            (Self::Number(expected), Value::Number(found)) => found.as_i64() == Some(*expected),
            (Self::Flag(expected), Value::Bool(found)) => expected == found,
            _ => false,
        }
    }
}

impl fmt::Display for BoundValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// The claims that bind tokens of a platform to one client, enough of them for that platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundClaims(BTreeMap<ClaimPointer, BoundValue>);

impl BoundClaims {
    /// Claims that leave one workload only, as far as the kind of platform says which those are.
    ///
    /// - Kubernetes: name space, name AND uid of the service account: a deleted account of the same name that somebody
    ///   makes again is another one.
    /// - GitHub Actions: the ids of repository and owner, which are never given out again, and the workflow or the
    ///   environment: without them any branch of the repository is the client.
    /// - SPIFFE: `sub`, a SPIFFE ID of the trust domain. Others: `sub`.
    ///
    /// # Errors
    /// Names the claim that is missing or useless, and why.
    pub fn new(authority: &WorkloadAuthority, claims: BTreeMap<ClaimPointer, BoundValue>) -> Result<Self, Invalid> {
        let bound = Self(claims);
        if let Some(pointer) = bound.0.keys().find(|pointer| NOT_FOR_BINDING.contains(&pointer.0.as_str())) {
            let expected = "claims that tell one workload from another: iss, aud and times are checked for every token";
            return Err(Invalid::new("claims", expected, &pointer.0));
        }
        match authority {
            WorkloadAuthority::Issuer(platform, _) => bound.enough_for(*platform)?,
            WorkloadAuthority::TrustDomain(domain) => match bound.text("/sub") {
                Some(sub) if domain.has(sub) => {}
                sub => {
                    let expected =
                        "\"/sub\" = a SPIFFE ID of the trust domain, such as \"spiffe://DOMAIN/ns/prod/sa/orders\"";
                    let found = if sub.is_some() { "another text" } else { "none" };
                    return Err(Invalid::new("claims", expected, found));
                }
            },
        }
        Ok(bound)
    }

    /// The claims, by where they stand.
    pub fn iter(&self) -> impl Iterator<Item = (&ClaimPointer, &BoundValue)> {
        self.0.iter()
    }

    fn enough_for(&self, platform: Platform) -> Result<(), Invalid> {
        let (required, either, expected): (&[&str], &[&str], _) = match platform {
            Platform::Kubernetes => (
                &[
                    "/kubernetes.io/namespace",
                    "/kubernetes.io/serviceaccount/name",
                    "/kubernetes.io/serviceaccount/uid",
                ],
                &[],
                "/kubernetes.io/namespace, /kubernetes.io/serviceaccount/name and /kubernetes.io/serviceaccount/uid; \
                 `kubectl get serviceaccount NAME -o jsonpath={.metadata.uid}` says the uid",
            ),
            Platform::GithubActions => (
                &["/repository_id", "/repository_owner_id"],
                &["/job_workflow_ref", "/environment"],
                "/repository_id, /repository_owner_id, and /job_workflow_ref or /environment; `gh api repos/OWNER/NAME` \
                 says the ids",
            ),
            Platform::Oidc => (&["/sub"], &[], "/sub, which names one workload of the platform"),
        };
        let bound = |name: &&&str| self.text(name).is_some_and(|value| !value.is_empty());
        let missing = required.iter().find(|name| !bound(name));
        let missing = missing.or_else(|| either.iter().next().filter(|_| !either.iter().any(|name| bound(&name))));
        match missing {
            Some(name) => Err(Invalid::new("claims", expected, &format!("no text for {name}"))),
            None => Ok(()),
        }
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.0.iter().find_map(|(known, value)| match value {
            BoundValue::Text(text) if known.0 == pointer => Some(text.as_str()),
            _ => None,
        })
    }

    /// Compares each with what stands in the token; the first that differs is the defect.
    pub(super) fn compare(&self, token: &Value) -> Result<(), ClientDefect> {
        for (pointer, expected) in &self.0 {
            let found = token.pointer(&pointer.0);
            if !found.is_some_and(|found| expected.is(found)) {
                return Err(ClientDefect::ClaimMismatch {
                    claim: pointer.to_string(),
                    expected: expected.to_string(),
                    found: described(found),
                });
            }
        }
        Ok(())
    }
}

/// A claim for the log: never more than a line, and of a list or an object its kind alone.
fn described(found: Option<&Value>) -> String {
    match found {
        None => "none".to_owned(),
        Some(Value::Object(_)) => "an object".to_owned(),
        Some(Value::Array(_)) => "a list".to_owned(),
        Some(Value::String(text)) => format!("{:?}", text.chars().take(MAX_FOUND).collect::<String>()),
        Some(other) => other.to_string().chars().take(MAX_FOUND).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{BoundClaims, BoundValue, ClaimPointer};
    use crate::{Platform, WorkloadAuthority};
    use bridge_types::Invalid;
    use serde_json::json;

    fn bind(platform: Platform, claims: &[(&str, &str)]) -> Result<BoundClaims, Invalid> {
        let authority = WorkloadAuthority::Issuer(platform, "https://platform.example".parse().unwrap());
        of(&authority, claims)
    }

    fn of(authority: &WorkloadAuthority, claims: &[(&str, &str)]) -> Result<BoundClaims, Invalid> {
        let claim = |(name, value): &(&str, &str)| {
            ((*name).to_owned().try_into().unwrap(), BoundValue::Text((*value).to_owned()))
        };
        BoundClaims::new(authority, claims.iter().map(claim).collect())
    }

    const ACCOUNT: [(&str, &str); 3] = [
        ("/kubernetes.io/namespace", "prod"),
        ("/kubernetes.io/serviceaccount/name", "orders"),
        ("/kubernetes.io/serviceaccount/uid", "6f1c"),
    ];

    const WORKFLOW: [(&str, &str); 3] = [
        ("/repository_id", "74"),
        ("/repository_owner_id", "65"),
        ("/job_workflow_ref", "octo/repo/.github/w.yml@main"),
    ];

    #[test]
    fn refuses_a_binding_that_leaves_more_than_one_workload() {
        for (platform, claims) in [(Platform::Kubernetes, ACCOUNT), (Platform::GithubActions, WORKFLOW)] {
            assert!(bind(platform, &claims).is_ok());
            for left_out in 0..claims.len() {
                let mut fewer = claims.to_vec();
                let (name, _) = fewer.remove(left_out);
                let complaint = bind(platform, &fewer).unwrap_err().to_string();
                assert!(complaint.contains(&format!("found \"no text for {name}")), "{complaint}");
                assert!(bind(platform, &[&fewer[..], &[(name, "")]].concat()).is_err(), "{name} is empty");
            }
        }
        let environment = [WORKFLOW[0], WORKFLOW[1], ("/environment", "production")];
        assert!(bind(Platform::GithubActions, &environment).is_ok());
        assert!(bind(Platform::Oidc, &[("/sub", "x")]).is_ok());
        assert!(bind(Platform::Oidc, &[("/groups", "x")]).is_err());
        let kubernetes = bind(Platform::Kubernetes, &ACCOUNT[..2]).unwrap_err();
        assert!(kubernetes.expected().contains("kubectl get serviceaccount"), "{kubernetes}");
    }

    #[test]
    fn refuses_claims_that_bind_nothing() {
        for name in ["/iss", "/aud", "/exp", "/iat", "/nbf", "/jti"] {
            assert!(bind(Platform::Oidc, &[("/sub", "x"), (name, "y")]).is_err(), "{name}");
        }
    }

    #[test]
    fn binds_a_spiffe_id_of_the_trust_domain_alone() {
        let domain = WorkloadAuthority::TrustDomain("prod.example".to_owned().try_into().unwrap());
        assert!(of(&domain, &[("/sub", "spiffe://prod.example/orders")]).is_ok());
        for sub in ["spiffe://other.example/orders", "spiffe://prod.example", "orders"] {
            assert!(of(&domain, &[("/sub", sub)]).is_err(), "{sub}");
        }
        assert!(of(&domain, &[("/x", "spiffe://prod.example/orders")]).is_err());
    }

    #[test]
    fn pointers_are_those_of_the_rfc() {
        for text in ["/sub", "/kubernetes.io/pod/uid", "/a~1b/c~0d", "/"] {
            let parsed = ClaimPointer::try_from(text.to_owned());
            assert_eq!(parsed.is_ok(), text.len() > 1, "{text}");
        }
        for text in ["", "sub", "kubernetes.io/uid", "/a~", "/a~2", "/a\n"] {
            assert!(ClaimPointer::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn compares_type_and_value() {
        let token = json!({"a": "1", "b": 1, "c": true, "d": {"e.f": {"g/h": "x"}}, "i": 1.0, "j": null, "k": ["x"]});
        let compare = |pointer: &str, value: BoundValue| {
            BoundClaims([(pointer.to_owned().try_into().unwrap(), value)].into()).compare(&token)
        };
        let text = |text: &str| BoundValue::Text(text.to_owned());
        for (pointer, value) in [
            ("/a", text("1")),
            ("/b", BoundValue::Number(1)),
            ("/c", BoundValue::Flag(true)),
            ("/d/e.f/g~1h", text("x")),
        ] {
            assert!(compare(pointer, value).is_ok(), "{pointer}");
        }
        for (pointer, value, found) in [
            ("/a", text("2"), "found \"1\""),
            ("/a", BoundValue::Number(1), "found \"1\""),
            ("/b", text("1"), "found 1"),
            ("/b", BoundValue::Number(2), "found 1"),
            ("/c", BoundValue::Flag(false), "found true"),
            ("/c", text("true"), "found true"),
            ("/d", text("x"), "found an object"),
            ("/d/e", text("x"), "found none"),
            ("/i", BoundValue::Number(1), "found 1.0"),
            ("/j", text("null"), "found null"),
            ("/k", text("x"), "found a list"),
            ("/l", text(""), "found none"),
        ] {
            let defect = compare(pointer, value).unwrap_err().to_string();
            assert!(defect.contains(found) && defect.contains(pointer), "{defect}");
        }
    }
}
