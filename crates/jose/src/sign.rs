use crate::error::SignError;
use crate::{Algorithm, SigningKey, Typ};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_types::KeyId;
use serde::Serialize;

/// A token that still needs its signature: header and payload, encoded and joined (RFC 7515 §5.1, steps 1 to 4).
///
/// Apart from [`sign`], because a key may live where only its signature comes out.
#[derive(Debug)]
pub struct UnsignedToken(String);

impl UnsignedToken {
    /// Encodes header and claims. The header has exactly `alg`, `kid` and `typ`.
    ///
    /// # Errors
    /// [`SignError::Claims`] when the claims have no JSON form.
    pub fn new(typ: Typ, algorithm: Algorithm, kid: &KeyId, claims: &impl Serialize) -> Result<Self, SignError> {
        #[derive(Serialize)]
        struct Header<'h> {
            alg: &'h str,
            kid: &'h str,
            typ: &'h str,
        }
        let header = Header { alg: algorithm.as_str(), kid: kid.as_str(), typ: typ.as_str() };
        let mut token = String::with_capacity(1024);
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&header).map_err(SignError::Claims)?, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(SignError::Claims)?, &mut token);
        Ok(Self(token))
    }

    /// What the signature is made over.
    pub fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Appends the signature and gives the compact form.
    pub fn finish(mut self, signature: &[u8]) -> String {
        self.0.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut self.0);
        self.0
    }
}

/// Signs claims with a key at hand and gives the compact form (RFC 7515 §7.1).
///
/// # Errors
/// [`SignError`].
pub fn sign(key: &SigningKey, typ: Typ, claims: &impl Serialize) -> Result<String, SignError> {
    let token = UnsignedToken::new(typ, key.algorithm(), key.kid(), claims)?;
    let signature = key.sign(token.signing_input())?;
    Ok(token.finish(&signature))
}
