use aws_lc_rs::signature::{self, ParsedPublicKey};
use josekit::jws::{ES256, EdDSA, JwsAlgorithm, PS256, RS256};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A signature algorithm of the profile (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none` and no HMAC: what is not
/// in this list does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256. The default.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PSS with SHA-256, 2048 to 8192 bits.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 to 8192 bits.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// Every algorithm, in the order of preference.
    pub const ALL: [Self; 4] = [Self::Es256, Self::EdDsa, Self::Ps256, Self::Rs256];

    /// The name in `alg` (case-sensitive).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    pub(crate) fn josekit(self) -> &'static dyn JwsAlgorithm {
        match self {
            Self::Es256 => &ES256,
            Self::EdDsa => &EdDSA,
            Self::Ps256 => &PS256,
            Self::Rs256 => &RS256,
        }
    }

    /// Prepares a public key: `point` is the uncompressed point (ES256) or the raw key (`EdDSA`).
    pub(crate) fn prepare_point(self, point: &[u8]) -> Option<ParsedPublicKey> {
        match self {
            Self::Es256 => ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).ok(),
            Self::EdDsa => ParsedPublicKey::new(&signature::ED25519, point).ok(),
            Self::Ps256 | Self::Rs256 => None,
        }
    }

    /// Prepares an RSA public key from its big-endian modulus and exponent.
    pub(crate) fn prepare_rsa(self, n: &[u8], e: &[u8]) -> Option<ParsedPublicKey> {
        let parameters = match self {
            Self::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            Self::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::Es256 | Self::EdDsa => return None,
        };
        signature::RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).ok()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An `alg` that the profile does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown algorithm: expected ES256, EdDSA, PS256 or RS256")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;

    #[test]
    fn names_are_exact() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.as_str());
            assert_eq!(algorithm.josekit().name(), algorithm.as_str());
        }
        for name in ["none", "None", "NONE", "", "HS256", "ES384", "es256", "Ed25519", "RS512", "ES256 "] {
            assert!(name.parse::<Algorithm>().is_err(), "accepted {name:?}");
        }
    }
}
