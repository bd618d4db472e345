use super::{BoundValue, ClaimPointer};
use bridge_types::Invalid;
use jiff::SignedDuration;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// `[workload]` of `clients/NAME.toml`: which tokens of the platform stand for the client.
///
/// ```toml
/// [workload]
/// issuer = "cluster"                 # workload-issuers/cluster.toml
/// max_token_lifetime = "15m"         # default: that of the issuer
///
/// [workload.claims]                  # JSON pointers (RFC 6901), compared exactly
/// "/kubernetes.io/namespace" = "prod"
/// "/kubernetes.io/serviceaccount/name" = "orders"
/// "/kubernetes.io/serviceaccount/uid" = "b0f6cf8e-6b21-4d0e-9a3e-0f5d8a0a2f1c"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadSection {
    /// The name of a file in `workload-issuers/`, without `.toml`.
    pub issuer: String,
    /// The claims that must be there. That they are enough is for [`super::BoundClaims`].
    pub claims: BTreeMap<ClaimPointer, BoundValue>,
    /// The longest life of a token that this client may authenticate with.
    pub max_token_lifetime: Option<WorkloadLifetime>,
    /// `"none"`, and nothing else yet.
    #[serde(default)]
    pub sender_constraint: SenderConstraint,
}

/// The longest life of a workload token: from one minute to one day, an hour unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WorkloadLifetime(Duration);

impl WorkloadLifetime {
    /// The time.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl Default for WorkloadLifetime {
    fn default() -> Self {
        Self(Duration::from_hours(1))
    }
}

impl TryFrom<String> for WorkloadLifetime {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let allowed = Duration::from_mins(1)..=Duration::from_hours(24);
        let parsed: Option<Duration> = text.parse::<SignedDuration>().ok().and_then(|time| time.try_into().ok());
        let parsed = parsed.filter(|time| allowed.contains(time) && time.subsec_nanos() == 0);
        parsed.map(Self).ok_or_else(|| Invalid::new("token lifetime", "1m to 24h, such as \"1h\"", &text))
    }
}

/// `"none"`. A demand for a proof is refused while no proof can be checked, and never read as no demand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SenderConstraint;

impl TryFrom<String> for SenderConstraint {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let expected = "\"none\": this release cannot check a proof of possession at the token endpoint";
        if text == "none" { Ok(Self) } else { Err(Invalid::new("sender constraint", expected, &text)) }
    }
}
