use crate::error::{KeyError, SignError};
use crate::{Algorithm, PublicJwk};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_types::{KeyId, Secret};
use josekit::JoseError;
use josekit::jwk::alg::rsa::RsaKeyPair as JosekitRsaKeyPair;
use josekit::jws::{JwsAlgorithm, JwsSigner};
use std::fmt;
use std::sync::Arc;

/// A private key that is ready to sign, bound to one algorithm and named by its RFC 7638 thumbprint.
///
/// It also is a josekit [`JwsSigner`]. Cloning shares the key. `Debug` shows the public half only.
#[derive(Clone)]
pub struct SigningKey(Arc<Prepared>);

struct Prepared {
    pair: Pair,
    public: PublicJwk,
    pkcs8: Secret<Vec<u8>>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl SigningKey {
    /// A new key: P-256, Ed25519, or RSA with 2048 bits.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when the library has no randomness to give.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let pkcs8 = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                .map(|document| document.as_ref().to_vec()),
            Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8v1(&random).map(|document| document.as_ref().to_vec()),
            Algorithm::Ps256 | Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048)
                .and_then(|pair| AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map(|der| der.as_ref().to_vec())),
        };
        Self::from_pkcs8(algorithm, Secret::new(pkcs8.map_err(|_| KeyError::Generation)?))
    }

    /// The key of a PKCS#8 document (DER, version 1, unencrypted).
    ///
    /// # Errors
    /// [`KeyError::Material`] when the document is not a key of that algorithm, [`KeyError::Weak`] for a small RSA key.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let der = pkcs8.expose().as_slice();
        let pair = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::Ecdsa),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519),
            Algorithm::Ps256 | Algorithm::Rs256 => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
        }
        .map_err(|_| KeyError::Material)?;
        let public = pair.public_jwk(algorithm, der)?;
        // The public half goes through the same checks as a partner's key would.
        crate::VerificationKey::try_from(&public)?;
        Ok(Self(Arc::new(Prepared { pair, public, pkcs8 })))
    }

    /// The PKCS#8 document, for a store that keeps it.
    pub fn to_pkcs8(&self) -> &Secret<Vec<u8>> {
        &self.0.pkcs8
    }

    /// `kid`: the RFC 7638 thumbprint.
    pub fn kid(&self) -> &KeyId {
        self.0.public.kid()
    }

    /// The one algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.0.public.algorithm()
    }

    /// The public half, to be published.
    pub fn public(&self) -> &PublicJwk {
        &self.0.public
    }

    /// The raw JWS signature over a signing input; `r || s` for ES256.
    ///
    /// # Errors
    /// [`SignError::Primitive`] when the library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0.pair {
            Pair::Ecdsa(pair) => pair.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let padding = match self.algorithm() {
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map(|()| signature)
            }
        }
        .map_err(|_| SignError::Primitive)
    }
}

impl Pair {
    fn public_jwk(&self, algorithm: Algorithm, pkcs8: &[u8]) -> Result<PublicJwk, KeyError> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ecdsa(pair) => {
                let (x, y) = match pair.public_key().as_ref() {
                    [4, point @ ..] if point.len() == 64 => point.split_at(32),
                    _ => return Err(KeyError::Material),
                };
                let (x, y) = (encode(x), encode(y));
                PublicJwk::with_thumbprint(algorithm, &[("kty", "EC"), ("crv", "P-256"), ("x", &x), ("y", &y)])
            }
            Self::Ed25519(pair) => {
                let x = encode(pair.public_key().as_ref());
                PublicJwk::with_thumbprint(algorithm, &[("kty", "OKP"), ("crv", "Ed25519"), ("x", &x)])
            }
            Self::Rsa(_) => {
                let jwk = JosekitRsaKeyPair::from_der(pkcs8).map_err(|_| KeyError::Material)?.to_jwk_public_key();
                let member = |name| jwk.parameter(name).and_then(serde_json::Value::as_str).ok_or(KeyError::Material);
                PublicJwk::with_thumbprint(algorithm, &[("kty", "RSA"), ("n", member("n")?), ("e", member("e")?)])
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm(), self.kid())
    }
}

impl JwsSigner for SigningKey {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        self.algorithm().josekit()
    }

    fn key_id(&self) -> Option<&str> {
        Some(self.kid().as_str())
    }

    fn signature_len(&self) -> usize {
        match &self.0.pair {
            Pair::Ecdsa(_) | Pair::Ed25519(_) => 64,
            Pair::Rsa(pair) => pair.public_modulus_len(),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        Self::sign(self, message).map_err(|error| JoseError::InvalidKeyFormat(error.into()))
    }

    fn box_clone(&self) -> Box<dyn JwsSigner> {
        Box::new(self.clone())
    }
}
