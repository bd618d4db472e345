use crate::token::TokenFailure;
use crate::token_file::{PlatformToken, TokenFile};
use arc_swap::ArcSwap;
use bridge_jose::profile::{AssertionClaims, NumericDate, SoleAudience};
use bridge_jose::{SignError, SigningKey, Typ};
use bridge_types::{ClientId, KeyId, OwnIssuer, Secret, TokenId};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Under the 60 seconds that the profile allows, so that a clock that is a little ahead does no harm.
const ASSERTION_LIFETIME: SignedDuration = SignedDuration::from_secs(55);

/// A client's identity: its id, and the key pair that its company made for it or the token that its platform gives it. No
/// secret is shared with anybody.
///
/// Clones share the key pair: when it is replaced, whoever holds one signs with the new one from the next assertion on.
#[derive(Debug, Clone)]
pub struct Credential {
    client_id: ClientId,
    proof: Proof,
}

#[derive(Debug, Clone)]
enum Proof {
    Key(Arc<ArcSwap<SigningKey>>),
    TokenFile(TokenFile),
}

/// What is sent to prove who the client is (RFC 7521 §4.2).
pub(crate) struct ClientAssertion {
    /// `client_assertion_type`.
    pub(crate) kind: &'static str,
    /// `client_assertion`.
    pub(crate) text: Secret<String>,
}

impl Credential {
    /// The identity of a client with its key pair.
    pub fn new(client_id: ClientId, key: SigningKey) -> Self {
        Self { client_id, proof: Proof::Key(Arc::new(ArcSwap::from_pointee(key))) }
    }

    /// The identity of a client without a key: it shows the token that its platform keeps in a file. The own issuer must
    /// have bound that token to this client.
    pub fn of_platform(client_id: ClientId, token: TokenFile) -> Self {
        Self { client_id, proof: Proof::TokenFile(token) }
    }

    /// Signs with another key pair from now on. The own issuer must know its public half by then, and must know the old
    /// one for as long as an assertion lives: some are on their way.
    ///
    /// A client without a key stays without one.
    pub fn replace_key(&self, key: SigningKey) {
        if let Proof::Key(held) = &self.proof {
            held.store(Arc::new(key));
        }
    }

    /// The client.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The id of the key that signs now; none when the platform's token is shown.
    pub fn kid(&self) -> Option<KeyId> {
        match &self.proof {
            Proof::Key(key) => Some(key.load().kid().clone()),
            Proof::TokenFile(_) => None,
        }
    }

    /// The file of the platform's token, for a client without a key.
    pub fn token_file(&self) -> Option<&TokenFile> {
        match &self.proof {
            Proof::Key(_) => None,
            Proof::TokenFile(file) => Some(file),
        }
    }

    /// A client assertion for one request (RFC 7523 §3 as updated by RFC 10070): the issuer identifier is its only
    /// audience, so that it is worth nothing at any other server, and its `jti` is random, so that it is worth nothing
    /// twice. The platform's token is sent as it is; the platform made it for this issuer, or it is refused there.
    pub(crate) async fn assertion(&self, issuer: &OwnIssuer, now: Timestamp) -> Result<ClientAssertion, TokenFailure> {
        match &self.proof {
            Proof::Key(key) => {
                let text = self.signed(&key.load(), issuer, now)?;
                Ok(ClientAssertion { kind: PlatformToken::Jwt.assertion_type(), text: Secret::new(text) })
            }
            Proof::TokenFile(file) => {
                Ok(ClientAssertion { kind: file.kind().assertion_type(), text: file.read().await? })
            }
        }
    }

    fn signed(&self, key: &SigningKey, issuer: &OwnIssuer, now: Timestamp) -> Result<String, SignError> {
        let claims = AssertionClaims {
            iss: self.client_id.clone(),
            sub: self.client_id.clone(),
            aud: SoleAudience::new(issuer.url().as_str()),
            jti: TokenId::random(),
            iat: Some(NumericDate::from(now)),
            nbf: None,
            exp: NumericDate::from(now + ASSERTION_LIFETIME),
        };
        bridge_jose::sign(key, Typ::ClientAssertion, &claims)
    }
}
