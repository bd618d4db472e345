use crate::reason::Reason;
use crate::status::IssuerStatus;
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{ClaimsInvalid, Malformed, SignatureInvalid};
use bridge_types::{Audience, ClientId, Fingerprint, KeyId, ScopeSet};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// A refused request: the reason, what the operator may know about it, and what the token said of itself.
///
/// The caller learns only [`Reason::outward`]. Nothing here contains the token.
#[derive(Debug, Clone)]
pub struct Denial(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    refusal: Refusal,
    facts: Facts,
}

impl Denial {
    pub(crate) fn new(refusal: Refusal, facts: Facts) -> Self {
        Self(Box::new(Parts { refusal, facts }))
    }

    /// The stable reason.
    pub fn reason(&self) -> Reason {
        self.0.refusal.reason
    }

    /// What was expected and what was found, for the log of the API. May contain values of the token: never send it.
    pub fn detail(&self) -> &str {
        &self.0.refusal.detail
    }

    /// After how many whole seconds trying again may help; only with [`Reason::KeysUnavailable`],
    /// [`Reason::StatusUnavailable`] and [`Reason::RateLimited`].
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.refusal.retry_after
    }

    /// The scope that the route requires, once the check of scopes was reached.
    pub fn required_scope(&self) -> Option<&'static str> {
        self.0.refusal.required_scope
    }

    /// What is known of the token.
    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }
}

/// What is known of a token at the moment of a decision.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// True once the signature verified. Until then `iss` and `kid` are only what the sender wrote.
    pub verified: bool,
    /// The partner whose policy names the issuer: a configured name, fit to be a metric label.
    pub partner: Option<Arc<str>>,
    /// `iss`. Before verification it may be any text.
    pub iss: Option<String>,
    /// `kid`.
    pub kid: Option<KeyId>,
    /// `client_id`; known after verification only.
    pub client_id: Option<ClientId>,
    /// `aud`; known after verification only.
    pub aud: Option<Audience>,
    /// `scope`; known after verification only.
    pub scope: Option<ScopeSet>,
    /// What stands for the token in logs. Absent when there is no token, or one too large to be looked at.
    pub token: Option<Fingerprint>,
    /// Where refusals of the partner are counted.
    pub(crate) status: Option<Arc<IssuerStatus>>,
}

impl Facts {
    pub(crate) fn claimed(&mut self, claims: &AccessTokenClaims) {
        self.client_id = Some(claims.client_id.clone());
        self.aud = Some(claims.aud.clone());
        self.scope = Some(claims.scope.clone());
    }
}

/// A check that failed, before it is joined with what is known of the token.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) required_scope: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, detail: detail.into(), retry_after: None, required_scope: None }
    }

    pub(crate) fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    pub(crate) fn for_scope(mut self, scope: &'static str) -> Self {
        self.required_scope = Some(scope);
        self
    }
}

impl From<Malformed> for Refusal {
    fn from(error: Malformed) -> Self {
        let reason = match error {
            Malformed::TooLarge { .. } => Reason::TokenTooLarge,
            Malformed::ForbiddenMember(_) => Reason::HeaderForbidden,
            Malformed::Algorithm => Reason::AlgorithmNotAllowed,
            Malformed::Parts(_)
            | Malformed::Encoding(_)
            | Malformed::Header(_)
            | Malformed::KeyId
            | Malformed::Issuer => Reason::TokenMalformed,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<SignatureInvalid> for Refusal {
    fn from(error: SignatureInvalid) -> Self {
        let reason = match error {
            SignatureInvalid::AlgorithmMismatch => Reason::KeyAlgorithmMismatch,
            SignatureInvalid::Wrong => Reason::SignatureInvalid,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<ClaimsInvalid> for Refusal {
    fn from(error: ClaimsInvalid) -> Self {
        Self::new(Reason::ClaimsMalformed, error.to_string())
    }
}
