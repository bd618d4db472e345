use super::{MirrorView, PATH, SCOPE};
use bridge_client::{ApiRequest, CallError, PartnerApi};
use bridge_types::{Invalid, IssuerUrl, KeyId, ScopeSet};
use reqwest::Method;
use std::time::Duration;
use url::form_urlencoded;

/// How long one look may take. The API may itself have to fetch a key that it is asked about.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no view.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MirrorError {
    /// The API was not reached, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The API has no mirror, or cannot show it now.
    #[error("the mirror of {partner} answered with status {status}: expected 200")]
    Status { partner: String, status: u16 },
    /// The answer is not a mirror.
    #[error("the mirror of {partner} cannot be read: {source}")]
    Form {
        partner: String,
        #[source]
        source: serde_json::Error,
    },
    /// The answer is about somebody else: evidence about another issuer's keys would be none about ours.
    #[error("the mirror of {partner} is about another issuer: expected {expected}, found {found}")]
    AnotherIssuer { partner: String, expected: IssuerUrl, found: IssuerUrl },
    /// The scope is not one. It is a constant, so this cannot happen.
    #[error(transparent)]
    Scope(#[from] Invalid),
}

/// Asks a partner how it sees this company. `api` calls with the agent's credential.
///
/// With `expect`, the partner looks for that key at our key endpoint first if it does not hold it, so that its answer
/// is evidence of what it holds after having looked. That is the partner's word, and good for no more than its own
/// requests: a partner that claims a key which it does not hold harms itself.
///
/// # Errors
/// [`MirrorError`].
pub(crate) async fn ask(api: &PartnerApi, expect: Option<&KeyId>) -> Result<MirrorView, MirrorError> {
    let partner = || api.partner().to_owned();
    let query =
        expect.map(|kid| form_urlencoded::Serializer::new("?".to_owned()).append_pair("expect", kid.as_str()).finish());
    let path = format!("{PATH}{}", query.unwrap_or_default());
    let scopes: ScopeSet = SCOPE.parse()?;
    let answer = api.send(ApiRequest::new(Method::GET, path, scopes).time_out(PATIENCE)).await?;
    if answer.status().as_u16() != 200 {
        return Err(MirrorError::Status { partner: partner(), status: answer.status().as_u16() });
    }
    let view: MirrorView = answer.json().map_err(|source| MirrorError::Form { partner: partner(), source })?;
    let own = api.tokens().issuer().url();
    if view.issuer != *own {
        return Err(MirrorError::AnotherIssuer { partner: partner(), expected: own.clone(), found: view.issuer });
    }
    Ok(view)
}
