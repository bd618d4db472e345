use crate::error::{KeyError, SignatureInvalid};
use crate::{Algorithm, PublicJwk};
use aws_lc_rs::signature::ParsedPublicKey;
use bridge_types::KeyId;
use josekit::JoseError;
use josekit::jws::{JwsAlgorithm, JwsVerifier};
use std::fmt;

/// A public key that is ready to verify: parsed and checked once, then used for every token that names it.
///
/// Bound to one algorithm. It also is a josekit [`JwsVerifier`], so josekit's own functions can verify with it.
#[derive(Clone)]
pub struct VerificationKey {
    key_id: KeyId,
    algorithm: Algorithm,
    prepared: ParsedPublicKey,
}

impl VerificationKey {
    /// `kid` of the key.
    pub fn kid(&self) -> &KeyId {
        &self.key_id
    }

    /// The one algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Checks a raw JWS signature (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1) over the signing input.
    ///
    /// ES256 signatures are `r || s`, 64 bytes; DER is refused. A high `s` is valid ECDSA and accepted.
    ///
    /// # Errors
    /// [`SignatureInvalid::Wrong`].
    pub fn verify_signature(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
        self.prepared.verify_sig(message, signature).map_err(|_| SignatureInvalid::Wrong)
    }
}

impl TryFrom<&PublicJwk> for VerificationKey {
    type Error = KeyError;

    fn try_from(jwk: &PublicJwk) -> Result<Self, KeyError> {
        let algorithm = jwk.algorithm();
        let prepared = match algorithm {
            Algorithm::Es256 => {
                let (x, y) = (coordinate(jwk, "x")?, coordinate(jwk, "y")?);
                algorithm.prepare_point(&[&[4], x.as_slice(), y.as_slice()].concat())
            }
            Algorithm::EdDsa => algorithm.prepare_point(&coordinate(jwk, "x")?),
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let (n, e) = (jwk.bytes("n")?, jwk.bytes("e")?);
                strong_enough(&n, &e)?;
                algorithm.prepare_rsa(&n, &e)
            }
        };
        let prepared = prepared.ok_or(KeyError::Material)?;
        Ok(Self { key_id: jwk.kid().clone(), algorithm, prepared })
    }
}

fn coordinate(jwk: &PublicJwk, name: &str) -> Result<Vec<u8>, KeyError> {
    jwk.bytes(name).and_then(|bytes| if bytes.len() == 32 { Ok(bytes) } else { Err(KeyError::Material) })
}

fn strong_enough(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    let (Some(first), Some(last)) = (n.first(), e.last()) else { return Err(KeyError::Material) };
    if *first == 0 || e.first() == Some(&0) {
        return Err(KeyError::Material);
    }
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    let exponent_sound = last % 2 == 1 && e != [1] && e.len() <= 4;
    if (2048..=8192).contains(&bits) && exponent_sound { Ok(()) } else { Err(KeyError::Weak) }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationKey({} {})", self.algorithm, self.key_id)
    }
}

impl JwsVerifier for VerificationKey {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        self.algorithm.josekit()
    }

    fn key_id(&self) -> Option<&str> {
        Some(self.key_id.as_str())
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        self.verify_signature(message, signature).map_err(|error| JoseError::InvalidSignature(error.into()))
    }

    fn box_clone(&self) -> Box<dyn JwsVerifier> {
        Box::new(self.clone())
    }
}
