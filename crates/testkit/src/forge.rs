use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::profile::SoleAudience;
use bridge_jose::{Algorithm, EncodedStatusList, SecurityEvent, SecurityEventClaims, SigningKey, Typ, jwks_json};
use bridge_types::{IssuerUrl, TokenId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

mod members;
mod pen;
mod platform;

pub use members::{Members, json_text};
pub use pen::Pen;
pub use platform::SERVICE_ACCOUNT_UID;

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

    /// A valid status list of 20 minutes for these indices out of 8,192 (draft-ietf-oauth-status-list §5.1), to be spoilt.
    pub fn status_list(&self, uri: &str, set: &[usize], now: Timestamp) -> Forge {
        let mut bits = vec![0_u8; 1024];
        for idx in set {
            bits[idx / 8] |= 1 << (idx % 8);
        }
        let claims = json!({
            "sub": uri, "iat": now.as_second(), "exp": now.as_second() + 1200, "ttl": 30,
            "status_list": EncodedStatusList::of_bits(&bits),
        });
        Forge::new(&self.key, Typ::StatusList, claims)
    }

    /// A valid security event (RFC 8417), to be spoilt.
    pub fn security_event(&self, audience: &str, event: SecurityEvent, now: Timestamp) -> Forge {
        let claims = SecurityEventClaims {
            iss: self.url.clone(),
            aud: SoleAudience::new(audience),
            iat: now.into(),
            jti: TokenId::random(),
            event,
        };
        let claims = serde_json::to_value(&claims).expect("the claims of an event have a JSON form");
        Forge::new(&self.key, Typ::SecurityEvent, claims)
    }
}

/// A token in the making: header and claims of a valid one, of which a test changes exactly one thing.
#[derive(Debug, Clone)]
pub struct Forge {
    key: SigningKey,
    pen: Pen,
    header: Members,
    claims: Members,
}

impl Forge {
    /// A token of these claims with the header that Bridge itself would write.
    ///
    /// # Panics
    /// When the claims are not an object.
    pub fn new(key: &SigningKey, typ: Typ, claims: Value) -> Self {
        let mut forge =
            Self { key: key.clone(), pen: Pen::default(), header: Members::default(), claims: Members::default() };
        forge.claims = Members::from(&object(claims));
        forge.header("alg", key.algorithm().as_str()).header("kid", key.kid().as_str()).header("typ", typ.as_str())
    }

    /// A valid client assertion (RFC 7523, RFC 10070) of 55 seconds, to be spoilt.
    pub fn assertion(key: &SigningKey, client: &str, audience: &str, now: Timestamp) -> Self {
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "jti": TokenId::random(),
            "iat": now.as_second(), "exp": now.as_second() + 55,
        });
        Self::new(key, Typ::ClientAssertion, claims)
    }

    /// Signs with this pen from now on.
    #[must_use]
    pub fn pen(mut self, pen: &Pen) -> Self {
        self.pen = pen.clone();
        self
    }

    /// Sets one claim.
    #[must_use]
    pub fn claim(self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.claims_with(|claims| claims.set(name, &value))
    }

    /// Leaves one claim out.
    #[must_use]
    pub fn without_claim(self, name: &str) -> Self {
        self.claims_with(|claims| claims.remove(name))
    }

    /// Changes the claims as text.
    #[must_use]
    pub fn claims_with(mut self, change: impl FnOnce(&mut Members)) -> Self {
        change(&mut self.claims);
        self
    }

    /// Sets one member of the header.
    #[must_use]
    pub fn header(self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.header_with(|header| header.set(name, &value))
    }

    /// Leaves one member of the header out.
    #[must_use]
    pub fn without_header(self, name: &str) -> Self {
        self.header_with(|header| header.remove(name))
    }

    /// Changes the header as text.
    #[must_use]
    pub fn header_with(mut self, change: impl FnOnce(&mut Members)) -> Self {
        change(&mut self.header);
        self
    }

    /// The header as JSON text, for tests that spoil the text itself.
    pub fn header_json(&self) -> String {
        self.header.to_string()
    }

    /// The claims as JSON text, for tests that spoil the text itself.
    pub fn claims_json(&self) -> String {
        self.claims.to_string()
    }

    /// The token, signed with the issuer's key.
    pub fn sign(&self) -> String {
        self.sign_with(&self.key)
    }

    /// The token, signed with another key while the header stays.
    pub fn sign_with(&self, key: &SigningKey) -> String {
        sign_segments(&self.pen, key, &encode(self.header_json()), &encode(self.claims_json()))
    }

    /// The token with another header, of any bytes, well signed.
    pub fn sign_header(&self, header: impl AsRef<[u8]>) -> String {
        self.sign_encoded(&encode(header), &encode(self.claims_json()))
    }

    /// The token with another payload, of any bytes, well signed.
    pub fn sign_payload(&self, payload: impl AsRef<[u8]>) -> String {
        self.sign_encoded(&encode(self.header_json()), &encode(payload))
    }

    /// A token of two segments that are taken as they are, well signed.
    pub fn sign_encoded(&self, header: &str, payload: &str) -> String {
        sign_segments(&self.pen, &self.key, header, payload)
    }

    /// A token of any header and any payload text, well signed.
    pub fn sign_text(key: &SigningKey, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        sign_segments(&Pen::default(), key, &encode(header), &encode(payload))
    }

    /// The token with a signature that is made by this function over the signing input.
    pub fn sign_by(&self, make: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let input = format!("{}.{}", encode(self.header_json()), encode(self.claims_json()));
        let signature = make(input.as_bytes());
        format!("{input}.{}", encode(signature))
    }

    /// The token with its signature bytes changed.
    pub fn sign_then(&self, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let token = self.sign();
        let (input, signature) = token.rsplit_once('.').expect("a signed token has dots");
        let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("a signature is base64url");
        change(&mut signature);
        format!("{input}.{}", encode(signature))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("claims are a JSON object, not {other}"),
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign_segments(pen: &Pen, key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{header}.{payload}");
    let signature = pen.sign(key, input.as_bytes());
    format!("{input}.{}", encode(signature))
}
