use crate::error::KeyError;
use crate::{Algorithm, PublicJwk, VerificationKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// `SubjectPublicKeyInfo` of a P-256 key up to its point (RFC 5480 §2): both algorithm identifiers are fixed.
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The algorithm identifier `rsaEncryption` (RFC 3279 §2.3.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

impl PublicJwk {
    /// The key of a PEM block `PUBLIC KEY` (RFC 7468 §13), as key services give it, named by its thumbprint (RFC 7638).
    /// For ES256, PS256 and RS256; an Ed25519 key comes as [`Self::from_ed25519`].
    ///
    /// # Errors
    /// [`KeyError::Material`] when the block is not a key of that algorithm, [`KeyError::Weak`] for a small RSA key.
    pub fn from_public_key_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let der = pem_block(pem).ok_or(KeyError::Material)?;
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match algorithm {
            Algorithm::Es256 => {
                let point = der.strip_prefix(&P256_PREFIX).ok_or(KeyError::Material)?;
                let (x, y) = match point {
                    [4, point @ ..] if point.len() == 64 => point.split_at(32),
                    _ => return Err(KeyError::Material),
                };
                let (x, y) = (encode(x), encode(y));
                Self::with_thumbprint(algorithm, &[("kty", "EC"), ("crv", "P-256"), ("x", &x), ("y", &y)])
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let (n, e) = rsa_numbers(&der).ok_or(KeyError::Material)?;
                Self::with_thumbprint(algorithm, &[("kty", "RSA"), ("n", &encode(n)), ("e", &encode(e))])
            }
            Algorithm::EdDsa => return Err(KeyError::Unsupported),
        }?;
        VerificationKey::try_from(&key).map(|_| key)
    }

    /// The Ed25519 key of these 32 bytes (RFC 8032 §5.1.5), named by its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`KeyError::Material`] when they are not a key.
    pub fn from_ed25519(public: &[u8]) -> Result<Self, KeyError> {
        let x = URL_SAFE_NO_PAD.encode(public);
        let key = Self::with_thumbprint(Algorithm::EdDsa, &[("kty", "OKP"), ("crv", "Ed25519"), ("x", &x)])?;
        VerificationKey::try_from(&key).map(|_| key)
    }
}

fn pem_block(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

/// Modulus and exponent of a `SubjectPublicKeyInfo`, without the zero that keeps them positive.
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (outer, []) = element(der, SEQUENCE)? else { return None };
    let (bits, []) = element(outer.strip_prefix(&RSA_ENCRYPTION)?, BIT_STRING)? else { return None };
    let (numbers, []) = element(bits.strip_prefix(&[0])?, SEQUENCE)? else { return None };
    let (n, rest) = element(numbers, INTEGER)?;
    let (e, []) = element(rest, INTEGER)? else { return None };
    let positive = |number: &'_ [u8]| number.first().is_some_and(|first| *first < 0x80);
    if !positive(n) || !positive(e) {
        return None;
    }
    Some((n.strip_prefix(&[0]).unwrap_or(n), e.strip_prefix(&[0]).unwrap_or(e)))
}

/// The content of a DER element (X.690 §8.1) with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), &rest[2..]),
        _ => return None,
    };
    (*found == tag).then_some(rest).and_then(|rest| rest.split_at_checked(length))
}
