use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{Algorithm, SigningKey, Typ, jwks_json};
use bridge_types::{IssuerUrl, TokenId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// An issuer that tests hold in their hand: a name and a key.
#[derive(Debug, Clone)]
pub struct TestIssuer {
    /// The issuer identifier.
    pub url: IssuerUrl,
    /// Its signing key.
    pub key: SigningKey,
}

impl TestIssuer {
    /// An issuer with a new key.
    ///
    /// # Panics
    /// When the URL is not an issuer identifier.
    pub fn new(url: &str, algorithm: Algorithm) -> Self {
        let url = url.parse().expect("the test names an issuer");
        Self { url, key: SigningKey::generate(algorithm).expect("a key can be made") }
    }

    /// The JWK set that it publishes.
    pub fn jwks(&self) -> String {
        jwks_json([self.key.public()])
    }

    /// A valid access token (RFC 9068) of 5 minutes, to be spoilt.
    pub fn access_token(&self, client: &str, audience: &str, scope: &str, now: Timestamp) -> Forge {
        let claims = json!({
            "iss": self.url, "sub": client, "client_id": client, "aud": audience, "scope": scope,
            "iat": now.as_second(), "exp": now.as_second() + 300, "jti": TokenId::random(),
        });
        Forge::new(&self.key, Typ::AccessToken, claims)
    }
}

/// A token in the making: header and claims of a valid one, of which a test changes exactly one thing.
#[derive(Debug, Clone)]
pub struct Forge {
    key: SigningKey,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Forge {
    /// A token of these claims with the header that Bridge itself would write.
    ///
    /// # Panics
    /// When the claims are not an object.
    pub fn new(key: &SigningKey, typ: Typ, claims: Value) -> Self {
        let header = json!({"alg": key.algorithm(), "kid": key.kid(), "typ": typ.as_str()});
        let object = |value: Value| value.as_object().cloned().expect("a JSON object");
        Self { key: key.clone(), header: object(header), claims: object(claims) }
    }

    /// A valid client assertion (RFC 7523, RFC 10070) of 55 seconds, to be spoilt.
    pub fn assertion(key: &SigningKey, client: &str, audience: &str, now: Timestamp) -> Self {
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "jti": TokenId::random(),
            "iat": now.as_second(), "exp": now.as_second() + 55,
        });
        Self::new(key, Typ::ClientAssertion, claims)
    }

    /// Sets one claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves one claim out.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets one member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves one member of the header out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The header as JSON text, for tests that spoil the text itself.
    pub fn header_json(&self) -> String {
        Value::Object(self.header.clone()).to_string()
    }

    /// The claims as JSON text, for tests that spoil the text itself.
    pub fn claims_json(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }

    /// The token, signed with the issuer's key.
    pub fn sign(&self) -> String {
        self.sign_with(&self.key)
    }

    /// The token, signed with another key while the header stays.
    pub fn sign_with(&self, key: &SigningKey) -> String {
        Self::sign_text(key, self.header_json(), self.claims_json())
    }

    /// A token of any header and any payload text, well signed.
    pub fn sign_text(key: &SigningKey, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = key.sign(input.as_bytes()).expect("the key signs");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The token with its signature bytes changed.
    pub fn sign_then(&self, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let token = self.sign();
        let (input, signature) = token.rsplit_once('.').expect("a signed token has dots");
        let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("a signature is base64url");
        change(&mut signature);
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
