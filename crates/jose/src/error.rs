use crate::strict_json::StrictJsonError;

/// Why a compact JWS (RFC 7515 §7.1) was refused before any key was looked for.
///
/// No variant carries text of the token, so all of them are safe to log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than the kind of token may be: [`crate::MAX_TOKEN_BYTES`], but for status lists.
    #[error("token too large: expected at most {limit} bytes, found {found}")]
    TooLarge {
        /// How long it may be.
        limit: usize,
        /// How long it is.
        found: usize,
    },
    /// Not three parts between two dots.
    #[error("not a compact JWS: expected 3 parts, found {0}")]
    Parts(usize),
    /// A part is not canonical unpadded base64url (RFC 7515 §2).
    #[error("not a compact JWS: expected canonical unpadded base64url in the {0}")]
    Encoding(&'static str),
    /// The header is not one strict JSON object.
    #[error("header is not a strict JSON object: {0}")]
    Header(StrictJsonError),
    /// A header member that would let the sender choose keys or change what is signed.
    #[error("header member \"{0}\" is forbidden")]
    ForbiddenMember(&'static str),
    /// `alg` is absent or not of the profile.
    #[error("header has no algorithm of the profile")]
    Algorithm,
    /// `kid` is absent or has no usable form.
    #[error("header has no usable key id")]
    KeyId,
    /// The payload is not a JSON object with one textual `iss`.
    #[error("payload has no readable issuer")]
    Issuer,
}

/// A signature that the key did not make, or a header that names another algorithm than the key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureInvalid {
    /// `alg` is not the algorithm of the key (RFC 8725 §3.1).
    #[error("algorithm of the header is not the algorithm of the key")]
    AlgorithmMismatch,
    /// The cryptographic check failed.
    #[error("signature does not verify")]
    Wrong,
}

/// Claims that are absent, of the wrong type, repeated, or out of range.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsInvalid {
    /// Not one strict JSON object.
    #[error("claims are not a strict JSON object: {0}")]
    Json(#[from] StrictJsonError),
    /// A claim is missing or not of its type.
    #[error("claims do not have the expected form: {0}")]
    Form(#[source] serde_json::Error),
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the JSON form of RFC 7517 §4.
    #[error("not a JSON Web Key: {0}")]
    Form(&'static str),
    /// Key type, curve or `alg` are not of the profile, or do not go together.
    #[error("unsupported key: expected EC P-256 (ES256), OKP Ed25519 (EdDSA) or RSA (PS256, RS256)")]
    Unsupported,
    /// `use` or `key_ops` say that the key is not for verifying signatures (RFC 7517 §4.2, §4.3).
    #[error("key is not for verifying signatures")]
    NotForSignatures,
    /// A published key contains its private half.
    #[error("key contains private members: it must be considered leaked")]
    Private,
    /// RSA modulus outside 2048 to 8192 bits, or a public exponent that is even or below 3.
    #[error("RSA key too weak: expected a modulus of 2048 to 8192 bits and an odd exponent of at least 3")]
    Weak,
    /// The numbers are not a key of the stated kind.
    #[error("key material is not valid")]
    Material,
    /// `kid` is absent or has no usable form.
    #[error("key has no usable key id")]
    KeyId,
    /// Another key of the set has the same `kid`.
    #[error("key id is not unique in the set")]
    Duplicate,
    /// The cryptographic library could not make a key.
    #[error("key generation failed")]
    Generation,
}

/// Why a token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims have no JSON form.
    #[error("claims cannot be serialised: {0}")]
    Claims(#[source] serde_json::Error),
    /// The cryptographic library refused.
    #[error("signing failed")]
    Primitive,
}
