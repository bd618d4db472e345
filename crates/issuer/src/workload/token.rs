use super::{WorkloadAuthority, WorkloadBinding, WorkloadIssuer, WorkloadKeyMissing};
use crate::assertion::{LEEWAY, VerifiedAssertion};
use crate::defect::ClientDefect;
use crate::error::{Outage, TokenError};
use crate::record::Attempt;
use crate::request::{AssertionType, Credentials};
use crate::{Client, UsedAssertion};
use bridge_jose::profile::NumericDate;
use bridge_jose::{Header, UnverifiedToken, VerifiedToken};
use bridge_types::{IssuerUrl, TokenId};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// What every workload token is judged by, whatever the client is bound by.
#[derive(Deserialize)]
struct CommonClaims {
    iss: Option<String>,
    sub: String,
    aud: Audiences,
    exp: NumericDate,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
}

/// A `null` is malformed, not absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NumericDate>, D::Error> {
    NumericDate::deserialize(deserializer).map(Some)
}

/// `aud` as platforms write it (RFC 7519 §4.1.3): Kubernetes always gives a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    List(Vec<String>),
}

impl Audiences {
    /// The one audience; of several there is none, because such a token is worth something elsewhere.
    fn sole(&self) -> Option<&str> {
        match self {
            Self::One(audience) => Some(audience),
            Self::List(list) => match list.as_slice() {
                [audience] => Some(audience),
                _ => None,
            },
        }
    }
}

impl VerifiedAssertion {
    /// Checks a workload token (RFC 7523 §3), cheap before costly: type, algorithm, issuer, key, signature, audience,
    /// time, life, and then the claims that the client is bound by.
    ///
    /// The platform gives a process one token for many requests, so its `jti`, if it has any, is not used up: whoever
    /// steals it can use it until it expires. That is why its life is capped, and why its only audience must be this
    /// issuer. A new id is claimed in the place of the `jti`, because the durable write of a claim is what puts a request
    /// before or after a revocation.
    pub(crate) async fn of_workload(
        credentials: &Credentials<'_>,
        (client, binding): (&Arc<Client>, &WorkloadBinding),
        issuer: &IssuerUrl,
        now: Timestamp,
        attempt: &mut Attempt,
    ) -> Result<Self, TokenError> {
        let token = UnverifiedToken::parse(credentials.assertion).map_err(ClientDefect::from)?;
        attempt.kid = Some(token.header().key_id().clone());
        attempt.client_names(client.id().as_str());
        let from = &*binding.issuer;
        check_header(credentials.kind, token.header(), from)?;
        if let WorkloadAuthority::Issuer(_, expected) = &from.authority {
            let claimed = token.unverified_issuer().map_err(ClientDefect::from)?;
            same_issuer(expected, claimed.as_str())?;
        }
        let key = from.keys.find(token.header().key_id()).await.map_err(|missing| match missing {
            WorkloadKeyMissing::Unknown => TokenError::from(ClientDefect::KeyUnknown),
            WorkloadKeyMissing::Unavailable(reason) => Outage::WorkloadKeys(from.name.clone(), reason).into(),
        })?;
        let verified = token.verify(&key).map_err(ClientDefect::from)?;
        check_claims(&verified, binding, issuer, now)?;
        let used = UsedAssertion { client: client.id().clone(), id: TokenId::random(), remember_until: now };
        Ok(Self { client: Arc::clone(client), key: None, used })
    }
}

/// No kind of token that Bridge signs has a type that passes here: an access token of a partner, or an assertion, is no
/// workload token, whoever's key it was signed with.
fn check_header(kind: AssertionType, header: &Header, from: &WorkloadIssuer) -> Result<(), ClientDefect> {
    let spiffe = matches!(from.authority, WorkloadAuthority::TrustDomain(_));
    if spiffe != (kind == AssertionType::JwtSpiffe) {
        return Err(ClientDefect::AssertionType);
    }
    // SPIFFE JWT-SVID §2.3 permits both.
    let accepted = |typ: &str| typ.eq_ignore_ascii_case("JWT") || (spiffe && typ.eq_ignore_ascii_case("JOSE"));
    if !header.typ().is_none_or(accepted) {
        return Err(ClientDefect::Type);
    }
    if from.algorithms.contains(&header.algorithm()) { Ok(()) } else { Err(ClientDefect::WorkloadAlgorithm) }
}

fn same_issuer(expected: &IssuerUrl, found: &str) -> Result<(), ClientDefect> {
    if expected.as_str() == found {
        return Ok(());
    }
    let (expected, found) = (expected.to_string(), found.chars().take(128).collect());
    Err(ClientDefect::WorkloadIssuer { expected, found })
}

/// The verified `iss` is compared again: the key was found by a reading of the payload that nobody had verified.
fn check_claims(
    token: &VerifiedToken,
    binding: &WorkloadBinding,
    issuer: &IssuerUrl,
    now: Timestamp,
) -> Result<(), ClientDefect> {
    let common: CommonClaims = token.claims()?;
    match &binding.issuer.authority {
        WorkloadAuthority::Issuer(_, expected) => same_issuer(expected, common.iss.as_deref().unwrap_or_default())?,
        WorkloadAuthority::TrustDomain(domain) if domain.has(&common.sub) => {}
        WorkloadAuthority::TrustDomain(domain) => {
            let (expected, found) = (format!("spiffe://{domain}/"), common.sub.chars().take(128).collect());
            return Err(ClientDefect::WorkloadIssuer { expected, found });
        }
    }
    if common.aud.sole() != Some(issuer.as_str()) {
        return Err(ClientDefect::AudienceMismatch);
    }
    check_time(&common, binding, now.as_second())?;
    binding.claims.compare(&token.claims::<Value>()?)
}

fn check_time(claims: &CommonClaims, binding: &WorkloadBinding, now: i64) -> Result<(), ClientDefect> {
    let exp = claims.exp.as_second();
    let later_than_now = |moment: Option<NumericDate>| moment.is_some_and(|moment| moment.as_second() > now + LEEWAY);
    if now >= exp + LEEWAY {
        return Err(ClientDefect::Expired);
    }
    if later_than_now(claims.nbf) {
        return Err(ClientDefect::NotYetValid);
    }
    if later_than_now(claims.iat) {
        return Err(ClientDefect::IssuedInFuture);
    }
    let cap = binding.max_token_lifetime.min(binding.issuer.max_token_lifetime).as_secs();
    let cap = i64::try_from(cap).unwrap_or(i64::MAX - LEEWAY);
    // A token that does not say when it was made may have been made just now.
    let found = exp - claims.iat.map_or(now, NumericDate::as_second);
    if found > cap || exp - now > cap + LEEWAY {
        return Err(ClientDefect::WorkloadLifetime { cap, found });
    }
    if claims.iat.max(claims.nbf).is_some_and(|begin| claims.exp <= begin) {
        return Err(ClientDefect::NeverValid);
    }
    Ok(())
}
