use super::{Client, TESTER_ISSUER, Tester};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{SignError, SigningKey};
use bridge_types::{AccessToken, TokenId};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A token in the making: valid as it is, until one thing about it is changed.
///
/// It is put together by hand and not by `bridge_jose`, which would refuse to make most of what a tester needs.
#[derive(Debug)]
pub(crate) struct Draft<'t> {
    /// The header.
    pub(crate) header: Value,
    /// The claims.
    pub(crate) claims: Value,
    key: &'t SigningKey,
    signed: bool,
}

impl Tester {
    /// A valid token of the tester's own issuer for an API.
    pub(crate) fn draft(&self, audience: &str, scope: &str, now: Timestamp) -> Draft<'_> {
        Draft::new(TESTER_ISSUER, audience, scope, now, &self.issuer)
    }

    /// A key that no issuer has.
    pub(crate) fn strangers_key(&self) -> &SigningKey {
        &self.stranger
    }
}

impl<'t> Draft<'t> {
    fn new(issuer: &str, audience: &str, scope: &str, now: Timestamp, key: &'t SigningKey) -> Self {
        let (now, client) = (now.as_second(), Client::Tester.id());
        let header = json!({"typ": "at+jwt", "alg": key.algorithm().as_str(), "kid": key.kid().as_str()});
        let claims = json!({
            "iss": issuer, "sub": client, "client_id": client, "aud": audience, "scope": scope,
            "iat": now, "exp": now + 300, "jti": TokenId::random().as_str(),
        });
        Self { header, claims, key, signed: true }
    }

    /// Shifts when it was issued and when it expires, in seconds from now.
    pub(crate) fn between(mut self, issued: i64, expires: i64) -> Self {
        let now = self.claims["iat"].as_i64().unwrap_or_default();
        self.claims["iat"] = (now + issued).into();
        self.claims["exp"] = (now + expires).into();
        self
    }

    /// Gives a claim another value.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Leaves a claim out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.remove(name);
        }
        self
    }

    /// Gives a member of the header another value.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// Leaves the signature empty.
    pub(crate) fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }

    /// Signs it with another key than the one that its header names.
    pub(crate) fn signed_with(mut self, key: &'t SigningKey) -> Self {
        self.key = key;
        self
    }

    /// The token.
    pub(crate) fn finish(self) -> Result<AccessToken, SignError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = if self.signed { self.key.sign(input.as_bytes())? } else { Vec::new() };
        Ok(AccessToken::new(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}
