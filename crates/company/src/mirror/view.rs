use bridge_jose::Algorithm;
use bridge_types::{ClientId, IssuerUrl, KeyId, ScopeSet, StatusListUri};
use bridge_validator::keys::{HeldKey, KeyState};
use bridge_validator::status::{HeldStatusList, RefusalCount};
use bridge_validator::{PolicyVersion, TrustPolicy, TrustedPartner};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an API sees the issuer whose client asks: nothing in it is about anybody else.
///
/// The form is the same on both sides; a reader ignores members that it does not know, so an API may say more later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MirrorView {
    /// Whom this is about: the issuer of the token that was used for asking.
    pub(crate) issuer: IssuerUrl,
    /// The clock of the API.
    pub(crate) now: Timestamp,
    /// The trust policy in force.
    pub(crate) policy: PolicyView,
    /// The keys of the issuer with which tokens can be verified now, by id.
    pub(crate) keys: Vec<KeyView>,
    /// When the API last looked for other keys.
    pub(crate) keys_refresh: RefreshView,
    /// The clients of the issuer that are let in, each with all that it may ever do.
    pub(crate) clients: BTreeMap<ClientId, ClientView>,
    /// The status lists of the issuer that are held, by address.
    #[serde(default)]
    pub(crate) status_lists: Vec<ListView>,
    /// How far the issuer's clock is ahead of the API's, in milliseconds, by `Date` of its last answer: good to a second.
    #[serde(default)]
    pub(crate) clock_skew_ms: Option<i64>,
    /// Requests that named the issuer and were refused in the last hour, by reason.
    #[serde(default)]
    pub(crate) denials: Vec<DenialView>,
}

/// A status list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListView {
    pub(crate) uri: StatusListUri,
    pub(crate) usable: bool,
    pub(crate) iat: Option<Timestamp>,
    pub(crate) fetched_at: Option<Timestamp>,
}

/// Refusals for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DenialView {
    /// The stable code, as in the answers of the API.
    pub(crate) reason: String,
    pub(crate) count: u64,
    pub(crate) last_at: Timestamp,
}

/// What the partner's policy says of the issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PolicyView {
    pub(crate) version: PolicyVersion,
    pub(crate) enabled: bool,
    pub(crate) valid_until: Option<Date>,
    pub(crate) algorithms: Vec<Algorithm>,
    /// In seconds.
    pub(crate) max_token_lifetime: u64,
}

/// A key that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyView {
    pub(crate) kid: KeyId,
    pub(crate) alg: Algorithm,
    pub(crate) since: Timestamp,
}

/// The last look at the published keys. Why one failed is the business of the API's operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefreshView {
    /// True for keys that the policy pins: they are never fetched.
    pub(crate) pinned: bool,
    pub(crate) last_attempt_at: Option<Timestamp>,
    pub(crate) outcome: Option<RefreshOutcome>,
    /// When the keys were last known to be those of the issuer.
    pub(crate) fetched_at: Option<Timestamp>,
    /// Until when the API looks for others at the latest.
    #[serde(default)]
    pub(crate) fresh_until: Option<Timestamp>,
}

/// How a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefreshOutcome {
    Ok,
    Error,
}

/// A client that is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientView {
    pub(crate) scopes: ScopeSet,
}

impl MirrorView {
    /// What is to be told to a partner at this moment.
    pub(crate) fn of(partner: &TrustedPartner, now: Timestamp) -> Self {
        let policy = partner.policy();
        let (state, status) = (partner.keys().state(), partner.keys().status());
        let clients = policy.clients.iter();
        Self {
            issuer: policy.issuer.url().clone(),
            now,
            policy: PolicyView::of(policy, partner.version()),
            keys_refresh: RefreshView::of(&state),
            clock_skew_ms: state.clock_skew_ms,
            status_lists: status.state().lists.into_iter().map(ListView::from).collect(),
            denials: status.refusals().into_iter().map(DenialView::from).collect(),
            keys: if state.usable { state.keys.into_iter().map(KeyView::from).collect() } else { Vec::new() },
            clients: clients.map(|(client, scopes)| (client.clone(), ClientView { scopes: scopes.clone() })).collect(),
        }
    }
}

impl PolicyView {
    fn of(policy: &TrustPolicy, version: &PolicyVersion) -> Self {
        Self {
            version: version.clone(),
            enabled: policy.enabled,
            valid_until: policy.valid_until,
            algorithms: policy.algorithms.clone(),
            max_token_lifetime: policy.max_token_lifetime.as_secs(),
        }
    }
}

impl RefreshView {
    fn of(state: &KeyState) -> Self {
        let attempt = state.last_attempt.as_ref();
        let outcome = |failed: bool| if failed { RefreshOutcome::Error } else { RefreshOutcome::Ok };
        Self {
            pinned: state.pinned,
            last_attempt_at: attempt.map(|attempt| attempt.at),
            outcome: attempt.map(|attempt| outcome(attempt.error.is_some())),
            fetched_at: state.fetched_at,
            fresh_until: state.fresh_until,
        }
    }
}

impl From<HeldKey> for KeyView {
    fn from(key: HeldKey) -> Self {
        Self { kid: key.kid, alg: key.algorithm, since: key.since }
    }
}

impl From<HeldStatusList> for ListView {
    fn from(list: HeldStatusList) -> Self {
        let HeldStatusList { uri, usable, iat, fetched_at, .. } = list;
        Self { uri, usable, iat, fetched_at }
    }
}

impl From<RefusalCount> for DenialView {
    fn from(RefusalCount { reason, count, last_at }: RefusalCount) -> Self {
        Self { reason: reason.as_str().to_owned(), count, last_at }
    }
}
