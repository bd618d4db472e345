//! The revocation endpoint (RFC 7009).

use crate::defect::RequestDefect;
use crate::discovery::Endpoints;
use crate::error::{Outage, TokenError};
use crate::form::TokenForm;
use crate::record::Attempt;
use crate::request::Credentials;
use crate::{Issuer, RevocationOutcome, TokenRequest, TokenToRevoke};
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{PublicJwk, StatusClaim, Typ, UnverifiedToken, VerificationKey};
use bridge_limits::PeerAddress;
use bridge_types::{ClientId, Fingerprint, IssuerUrl};
use jiff::Timestamp;
use std::sync::Arc;

/// What came of a revocation request that was in order. The caller gets the same answer for both (RFC 7009 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// The token is revoked, durably.
    Revoked,
    /// There was nothing to revoke.
    Ignored(Ignored),
}

/// Why there was nothing to revoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// Not a token of the profile.
    #[error("not an access token")]
    Unreadable,
    /// Another issuer's, or made with a key that this issuer does not publish.
    #[error("not a token of this issuer")]
    NotOurs,
    /// Not made with the key that it names.
    #[error("the signature is not this issuer's")]
    SignatureInvalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Issued to another client. A client may revoke its own tokens alone (RFC 7009 §2.1).
    #[error("the token was issued to another client")]
    AnotherClient,
    /// It names no status list of this issuer.
    #[error("the token names no status list of this issuer")]
    NoStatus,
    /// Revoked before.
    #[error("the token was revoked before")]
    AlreadyRevoked,
}

impl Ignored {
    /// The stable code of the reason, for the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "token_unreadable",
            Self::NotOurs => "token_not_ours",
            Self::SignatureInvalid => "signature_invalid",
            Self::Expired => "token_expired",
            Self::AnotherClient => "token_of_another_client",
            Self::NoStatus => "token_without_status",
            Self::AlreadyRevoked => "already_revoked",
        }
    }
}

impl TokenToRevoke {
    /// The token behind a text, if it is one that this issuer made with one of these keys and that can still be used.
    ///
    /// # Errors
    /// [`Ignored`], which says why there is nothing to revoke.
    pub fn read<'k>(
        text: &str,
        issuer: &IssuerUrl,
        keys: impl IntoIterator<Item = &'k PublicJwk>,
        now: Timestamp,
    ) -> Result<Self, Ignored> {
        let token = UnverifiedToken::parse(text).map_err(|_| Ignored::Unreadable)?;
        if !token.header().is(Typ::AccessToken) {
            return Err(Ignored::Unreadable);
        }
        let claimed = token.unverified_issuer().map_err(|_| Ignored::Unreadable)?;
        if claimed.as_str() != issuer.as_str() {
            return Err(Ignored::NotOurs);
        }
        let key = keys.into_iter().find(|key| key.kid() == token.header().key_id()).ok_or(Ignored::NotOurs)?;
        let key = VerificationKey::try_from(key).map_err(|_| Ignored::NotOurs)?;
        let verified = token.verify(&key).map_err(|_| Ignored::SignatureInvalid)?;
        let claims: AccessTokenClaims = verified.claims().map_err(|_| Ignored::Unreadable)?;
        if claims.exp.timestamp() <= now {
            return Err(Ignored::Expired);
        }
        let StatusClaim { status_list: reference } = claims.status.ok_or(Ignored::NoStatus)?;
        let list = Endpoints::of(issuer).status_list_number(&reference.uri).ok_or(Ignored::NoStatus)?;
        Ok(Self { id: claims.jti, client: claims.client_id, audience: claims.aud, list, reference })
    }
}

impl Issuer {
    /// Answers one revocation request (RFC 7009 §2), writes its line in the log and counts it.
    ///
    /// The client is authenticated as at the token endpoint, and its assertion is used up. When this gives
    /// [`Revocation::Revoked`], the revocation is durable and partners will be told.
    ///
    /// Does NOT check what HTTP knows: method, content type, query, size.
    ///
    /// # Errors
    /// [`TokenError`], with the answer that RFC 6749 §5.2 has for it; [`TokenError::Unavailable`] when the revocation
    /// could not be kept (RFC 7009 §2.2.1).
    pub async fn revoke(&self, request: TokenRequest<'_>) -> Result<Revocation, TokenError> {
        let mut attempt = Attempt::begin(&**self.clock());
        let mut token = None;
        let peer = request.peer;
        let outcome = self.revoke_for_client(request, &mut attempt, &mut token).await;
        let outcome = outcome.map_err(|error| self.bounds().refuse(error, peer));
        attempt.record_revocation(self, token, outcome.as_ref());
        outcome
    }

    /// Logs and counts a request that HTTP already found wanting.
    pub(crate) fn refuse_revocation(&self, defect: RequestDefect, peer: PeerAddress) -> TokenError {
        let refusal = self.bounds().refuse(defect.into(), peer);
        let attempt = Attempt::begin(&**self.clock());
        attempt.record_revocation(self, None, Err(&refusal));
        refusal
    }

    async fn revoke_for_client(
        &self,
        request: TokenRequest<'_>,
        attempt: &mut Attempt,
        fingerprint: &mut Option<Fingerprint>,
    ) -> Result<Revocation, TokenError> {
        let form = TokenForm::parse(request.form)?;
        let credentials = Credentials::read(&form, request.authorization_header)?;
        let text = form.token.as_deref().ok_or(RequestDefect::TokenMissing)?;
        *fingerprint = Some(Fingerprint::of(text.as_bytes()));
        let client = self.authenticate(&credentials, self.clock().now(), attempt).await?;
        match self.own_token_of(text, client.client().id()) {
            Ok(token) => self.revoke_token(&token).await,
            Err(ignored) => Ok(Revocation::Ignored(ignored)),
        }
    }

    fn own_token_of(&self, text: &str, client: &ClientId) -> Result<TokenToRevoke, Ignored> {
        let snapshot = self.ring().snapshot();
        let keys = snapshot.published().map(|key| &key.public);
        let token = TokenToRevoke::read(text, self.config().url(), keys, self.clock().now())?;
        if token.client == *client { Ok(token) } else { Err(Ignored::AnotherClient) }
    }

    async fn revoke_token(&self, token: &TokenToRevoke) -> Result<Revocation, TokenError> {
        let outcome = self.revoker.revoke_token(token).await.map_err(|failure| Outage::Store(Arc::new(failure)))?;
        Ok(match outcome {
            RevocationOutcome::Revoked => Revocation::Revoked,
            RevocationOutcome::AlreadyRevoked => Revocation::Ignored(Ignored::AlreadyRevoked),
            RevocationOutcome::ListGone => Revocation::Ignored(Ignored::Expired),
        })
    }
}
