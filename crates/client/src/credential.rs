use crate::{CredentialStore, CredentialStoreFailure};
use bridge_jose::profile::{AssertionClaims, NumericDate, SoleAudience};
use bridge_jose::{Algorithm, KeyError, PublicJwk, SignError, SigningKey, Typ};
use bridge_types::{ClientId, OwnIssuer, TokenId};
use jiff::{SignedDuration, Timestamp};

/// Under the 60 seconds that the profile allows, so that a clock that is a little ahead does no harm.
const ASSERTION_LIFETIME: SignedDuration = SignedDuration::from_secs(55);

/// A client's identity: its id and the key pair that it made for itself. No secret is shared with anybody.
#[derive(Debug, Clone)]
pub struct Credential {
    client_id: ClientId,
    key: SigningKey,
}

impl Credential {
    /// The identity of a client whose key pair is at hand.
    pub fn new(client_id: ClientId, key: SigningKey) -> Self {
        Self { client_id, key }
    }

    /// Reads the client's key pair, or makes and keeps one on the first start.
    ///
    /// Processes that start at the same time end up with the same key pair: the store takes the first, the others read
    /// again. `algorithm` counts only for a new key pair; one that exists is used as it is.
    ///
    /// # Errors
    /// [`CredentialError`]: the store failed, or no key could be made.
    pub async fn load_or_create(
        store: &dyn CredentialStore,
        client_id: ClientId,
        algorithm: Algorithm,
    ) -> Result<Self, CredentialError> {
        if let Some(key) = store.client_key(&client_id).await? {
            return Ok(Self { client_id, key });
        }
        let key = SigningKey::generate(algorithm)?;
        if store.insert_client_key(&client_id, &key).await? {
            tracing::info!(target: "bridge", event = "key_created", %client_id, kid = %key.kid(), "client key pair created");
            return Ok(Self { client_id, key });
        }
        match store.client_key(&client_id).await? {
            Some(key) => Ok(Self { client_id, key }),
            None => Err(CredentialError::Vanished(client_id)),
        }
    }

    /// The client.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The public half, which the own issuer must know to authenticate this client.
    pub fn public(&self) -> &PublicJwk {
        self.key.public()
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
        bridge_jose::sign(&self.key, Typ::ClientAssertion, &claims)
    }
}

/// Why a client has no credential.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The store failed: try again when it works.
    #[error(transparent)]
    Store(#[from] CredentialStoreFailure),
    /// No key pair could be made.
    #[error("no key pair for the client: {0}")]
    Key(#[from] KeyError),
    /// The store said that there is a key pair, and then had none: something else deletes keys from it.
    #[error("the key pair of client {0} was in the store a moment ago and is not there now")]
    Vanished(ClientId),
}
