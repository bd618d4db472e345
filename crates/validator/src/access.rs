use crate::denial::{Denial, Facts, Refusal};
use crate::partner::TrustedPartner;
use crate::reason::Reason;
use crate::status::StatusCheck;
use crate::window::Window;
use bridge_jose::profile::AccessTokenClaims;
use bridge_limits::Limiter;
use bridge_types::{ClientId, Fingerprint, IssuerUrl, KeyId, ScopeSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

/// A token that passed every check but the one for the scope of a route. Only the decision function makes one.
#[derive(Debug)]
pub(crate) struct VerifiedAccess {
    pub(crate) partner: Arc<TrustedPartner>,
    pub(crate) claims: AccessTokenClaims,
    pub(crate) window: Window,
    /// What the client may ever do here.
    pub(crate) ceiling: ScopeSet,
    /// What it may do with this token: `scope` within the ceiling.
    pub(crate) effective: ScopeSet,
    pub(crate) kid: KeyId,
    /// The set that the key came from.
    pub(crate) generation: u64,
    pub(crate) token: Fingerprint,
    /// What counts the requests of the client, once a gate has seen it.
    pub(crate) limiter: OnceLock<Arc<Limiter>>,
    /// That it was not revoked, and how to see whether it has been since.
    pub(crate) status: StatusCheck,
}

/// Proof that a request carries a valid token of a client that is let in. No scope was checked yet: that takes
/// [`Authenticated::authorize`].
#[derive(Debug)]
pub struct Authenticated(pub(crate) Arc<VerifiedAccess>);

/// Proof that a request is authorised for the scope `S`. A handler that takes one cannot run without it, and its
/// signature says what it requires.
///
/// There is no way to make one but the decision function, and no way to copy it.
pub struct Authorized<S: RequiredScope> {
    access: Arc<VerifiedAccess>,
    scope: PhantomData<fn() -> S>,
}

/// A scope that routes require, as a type.
///
/// ```
/// struct ShipmentsRead;
///
/// impl bridge_validator::RequiredScope for ShipmentsRead {
///     const SCOPE: &'static str = "shipments:read";
/// }
/// ```
pub trait RequiredScope: 'static {
    /// The exact scope value (RFC 6749 §3.3). It is compared whole and with its case.
    const SCOPE: &'static str;
}

/// Who calls: always the pair of issuer and client, because each issuer chooses its client ids itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal<'a> {
    /// The issuer.
    pub issuer: &'a IssuerUrl,
    /// The client, at that issuer.
    pub client_id: &'a ClientId,
    /// The name of the partner in the own configuration.
    pub partner: &'a str,
}

impl Authenticated {
    /// Decides whether the token may be used for the scope `S`.
    ///
    /// # Errors
    /// [`Reason::ScopeBeyondCeiling`] when no token would do, [`Reason::InsufficientScope`] when this one lacks it.
    pub fn authorize<S: RequiredScope>(&self) -> Result<Authorized<S>, Denial> {
        const { assert!(is_scope_token(S::SCOPE), "SCOPE must be one scope-token of RFC 6749 §3.3") };
        let access = &self.0;
        let refuse =
            |reason, detail: String| Err(Denial::new(Refusal::new(reason, detail).for_scope(S::SCOPE), access.facts()));
        if !access.ceiling.contains(S::SCOPE) {
            return refuse(Reason::ScopeBeyondCeiling, format!("the ceiling of this client lacks {}", S::SCOPE));
        }
        if !access.effective.contains(S::SCOPE) {
            return refuse(Reason::InsufficientScope, format!("expected {}, found {}", S::SCOPE, access.claims.scope));
        }
        Ok(Authorized { access: Arc::clone(access), scope: PhantomData })
    }

    /// Who calls.
    pub fn principal(&self) -> Principal<'_> {
        self.0.principal()
    }

    /// What the token permits here: its own scopes, cut to the ceiling of the policy.
    pub fn scopes(&self) -> &ScopeSet {
        &self.0.effective
    }
}

impl<S: RequiredScope> Authorized<S> {
    /// Who calls.
    pub fn principal(&self) -> Principal<'_> {
        self.access.principal()
    }

    /// What the token permits here: its own scopes, cut to the ceiling of the policy.
    pub fn scopes(&self) -> &ScopeSet {
        &self.access.effective
    }

    /// The claims of the token, for audit records. What the caller may do is [`Authorized::scopes`], not `scope`.
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.access.claims
    }

    /// What may stand in records instead of the token.
    pub fn token(&self) -> Fingerprint {
        self.access.token
    }
}

impl<S: RequiredScope> fmt::Debug for Authorized<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorized").field(&S::SCOPE).field(&self.principal()).finish()
    }
}

impl VerifiedAccess {
    pub(crate) fn principal(&self) -> Principal<'_> {
        let policy = self.partner.policy();
        Principal { issuer: &self.claims.iss, client_id: &self.claims.client_id, partner: &policy.partner }
    }

    pub(crate) fn facts(&self) -> Facts {
        let mut facts = Facts {
            verified: true,
            partner: Some(Arc::clone(&self.partner.policy().partner)),
            status: Some(Arc::clone(self.partner.keys().status())),
            iss: Some(self.claims.iss.to_string()),
            kid: Some(self.kid.clone()),
            token: Some(self.token),
            ..Facts::default()
        };
        facts.claimed(&self.claims);
        facts
    }
}

/// `scope-token` of RFC 6749 §3.3, at compile time.
const fn is_scope_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        if !matches!(bytes[index], 0x21 | 0x23..=0x5b | 0x5d..=0x7e) {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty()
}
