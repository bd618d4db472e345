use arc_swap::ArcSwap;
use bridge_jose::profile::{AssertionClaims, NumericDate, SoleAudience};
use bridge_jose::{SignError, SigningKey, Typ};
use bridge_types::{ClientId, KeyId, OwnIssuer, TokenId};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Under the 60 seconds that the profile allows, so that a clock that is a little ahead does no harm.
const ASSERTION_LIFETIME: SignedDuration = SignedDuration::from_secs(55);

/// A client's identity: its id and the key pair that its company made for it. No secret is shared with anybody.
///
/// Clones share the key pair: when it is replaced, whoever holds one signs with the new one from the next assertion on.
#[derive(Debug, Clone)]
pub struct Credential {
    client_id: ClientId,
    key: Arc<ArcSwap<SigningKey>>,
}

impl Credential {
    /// The identity of a client with its key pair.
    pub fn new(client_id: ClientId, key: SigningKey) -> Self {
        Self { client_id, key: Arc::new(ArcSwap::from_pointee(key)) }
    }

    /// Signs with another key pair from now on. The own issuer must know its public half by then, and must know the old
    /// one for as long as an assertion lives: some are on their way.
    pub fn replace_key(&self, key: SigningKey) {
        self.key.store(Arc::new(key));
    }

    /// The client.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The id of the key that signs now.
    pub fn kid(&self) -> KeyId {
        self.key.load().kid().clone()
    }

    /// A client assertion for one request (RFC 7523 §3 as updated by RFC 10070): the issuer identifier is its only
    /// audience, so that it is worth nothing at any other server, and its `jti` is random, so that it is worth nothing
    /// twice.
    pub(crate) fn assertion(&self, issuer: &OwnIssuer, now: Timestamp) -> Result<String, SignError> {
        let claims = AssertionClaims {
            iss: self.client_id.clone(),
            sub: self.client_id.clone(),
            aud: SoleAudience::new(issuer.url().as_str()),
            jti: TokenId::random(),
            iat: Some(NumericDate::from(now)),
            nbf: None,
            exp: NumericDate::from(now + ASSERTION_LIFETIME),
        };
        bridge_jose::sign(&self.key.load(), Typ::ClientAssertion, &claims)
    }
}
