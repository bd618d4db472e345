//! Looks at one partner from here: what its issuer and its API say, and whether the policy goes with it.

mod fetch;
mod mirror;
mod report;

pub(crate) use mirror::{mirror, unasked};
pub(crate) use report::PartnerReport;

use crate::fetchers::partner_client;
use bridge_jose::{IgnoredKey, KeySet};
use bridge_process::Outbound;
use bridge_types::Clock;
use bridge_validator::TrustPolicy;
use bridge_validator::policy::KeySource;
use fetch::{Answer, fetch};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use report::Check;
use reqwest::Client;
use serde::Deserialize;
use std::sync::Arc;
use url::Url;

/// Tokens of a partner whose clock is further off than this are refused; it is the leeway of the validator.
const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
const NOTICEABLE: SignedDuration = SignedDuration::from_secs(5);

/// Asks partners the way this company asks them when it serves, but for an operator's eyes.
pub(crate) struct Probe {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
}

impl Probe {
    pub(crate) fn new(outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, clock }
    }

    /// Everything that can be found out about one partner without a token.
    pub(crate) async fn look_at(&self, policy: &TrustPolicy) -> PartnerReport {
        let mut checks = vec![switch(policy), expiry(policy, self.clock.now())];
        match &policy.keys {
            KeySource::Pinned(pinned) => checks.extend(keys(policy, &pinned.set, &[])),
            KeySource::Discover => {
                self.discover(policy, &mut checks).await.unwrap_or_else(|failed| checks.push(failed));
            }
        }
        if let Some(outbound) = &policy.outbound {
            checks.push(self.api(policy, &outbound.audience.to_url()).await);
        }
        PartnerReport { partner: policy.partner.to_string(), issuer: policy.issuer.url().clone(), checks }
    }

    async fn discover(&self, policy: &TrustPolicy, checks: &mut Vec<Check>) -> Result<(), Check> {
        let issuer = policy.issuer.url();
        let client = self.client(policy, &issuer.to_url()).map_err(|reason| Check::failed("metadata", reason))?;
        let answer = self.get("metadata", &client, &issuer.metadata_url()).await?;
        checks.extend(answer.skew.map(skew));
        let metadata: Metadata = read("metadata", &answer, "the metadata of an issuer (RFC 8414)")?;
        if metadata.issuer != issuer.as_str() {
            let detail = format!("names another issuer: expected {issuer}, found {}", shown(&metadata.issuer));
            return Err(Check::failed("metadata", detail));
        }
        checks.push(Check::ok("metadata", format!("names exactly {issuer}")));
        let url = jwks_url(&metadata.jwks_uri, &issuer.to_url())?;
        let answer = self.get("keys", &client, &url).await?;
        let (set, ignored) = KeySet::parse(&answer.body).map_err(|error| Check::failed("keys", error.to_string()))?;
        checks.extend(keys(policy, &set, &ignored));
        Ok(())
    }

    /// Whether the partner's API describes itself (RFC 9728). For diagnosis only: nothing is chosen by it.
    async fn api(&self, policy: &TrustPolicy, audience: &Url) -> Check {
        let looked = async {
            let client = self.client(policy, audience).map_err(|reason| Check::failed("api", reason))?;
            let mut url = audience.clone();
            url.set_path(&format!("/.well-known/oauth-protected-resource{}", audience.path().trim_end_matches('/')));
            let answer = self.get("api", &client, &url).await?;
            let metadata: ResourceMetadata = read("api", &answer, "the metadata of a protected resource (RFC 9728)")?;
            let expected = policy.outbound.as_ref().map(|outbound| outbound.audience.as_str()).unwrap_or_default();
            if metadata.resource != expected {
                let detail = format!("has another name: expected {expected}, found {}", shown(&metadata.resource));
                return Err(Check::failed("api", detail));
            }
            Ok(Check::ok("api", format!("names exactly {expected}")))
        };
        looked.await.unwrap_or_else(|failed| failed)
    }

    fn client(&self, policy: &TrustPolicy, url: &Url) -> Result<Client, String> {
        partner_client(&self.outbound, policy, url)?.build().map_err(|error| format!("no HTTP client: {error}"))
    }

    async fn get(&self, name: &'static str, client: &Client, url: &Url) -> Result<Answer, Check> {
        fetch(client, url, &*self.clock).await.map_err(|reason| Check::failed(name, reason))
    }
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct ResourceMetadata {
    resource: String,
}

fn read<T: for<'a> Deserialize<'a>>(name: &'static str, answer: &Answer, expected: &str) -> Result<T, Check> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| Check::failed(name, format!("{} is not {expected}: {error}", answer.url)))
}

fn jwks_url(text: &str, issuer: &Url) -> Result<Url, Check> {
    let url = Url::parse(text).ok().filter(|url| url.origin() == issuer.origin());
    url.ok_or_else(|| {
        let expected = issuer.origin().ascii_serialization();
        Check::failed(
            "keys",
            format!("elsewhere than the issuer: expected an address at {expected}, found {}", shown(text)),
        )
    })
}

fn keys(policy: &TrustPolicy, set: &KeySet, ignored: &[IgnoredKey]) -> Vec<Check> {
    let accepted = set.keys().filter(|key| policy.algorithms.contains(&key.algorithm()));
    let accepted: Vec<_> = accepted.map(|key| format!("{} ({})", key.kid(), key.algorithm())).collect();
    let allowed = policy.algorithms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let mut checks = vec![match (set.len(), accepted.len()) {
        (0, _) => Check::failed("keys", "none: every token is refused"),
        (held, 0) => Check::failed("keys", format!("{held}, none for an algorithm of the policy: expected {allowed}")),
        (_, usable) => Check::ok("keys", format!("{usable} usable: {}", accepted.join(", "))),
    }];
    checks.extend(ignored.iter().map(|IgnoredKey { kid, reason }| {
        let kid = kid.as_ref().map_or("without kid", |kid| kid.as_str());
        Check::warning("key ignored", format!("{kid}: {reason}"))
    }));
    checks
}

fn switch(policy: &TrustPolicy) -> Check {
    if policy.enabled {
        Check::ok("policy", "enabled")
    } else {
        Check::warning("policy", "disabled: all its tokens are refused")
    }
}

fn expiry(policy: &TrustPolicy, now: Timestamp) -> Check {
    let today = now.to_zoned(TimeZone::UTC).date();
    match policy.valid_until {
        None => Check::ok("validity", "has no end"),
        Some(last) if last < today => Check::failed("validity", format!("ended with {last}")),
        Some(last) if last < today.saturating_add(30.days()) => Check::warning("validity", format!("ends with {last}")),
        Some(last) => Check::ok("validity", format!("until {last}")),
    }
}

fn skew(skew: SignedDuration) -> Check {
    let detail = format!("{} s from ours", skew.as_secs());
    match skew.abs() {
        off if off > LEEWAY => Check::failed("clock", format!("{detail}: expected {} s at most", LEEWAY.as_secs())),
        off if off > NOTICEABLE => Check::warning("clock", detail),
        _ => Check::ok("clock", detail),
    }
}

/// A partner's text, cut and escaped.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(128).collect::<String>())
}
