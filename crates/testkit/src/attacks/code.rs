use serde::{Serialize, Serializer};

/// The reason codes of a refused request, as Bridge's documents fix them. The same words as the validator's, kept apart
/// from it so that a change there is noticed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// No bearer token came.
    TokenMissing,
    /// The token came in another way than in one `Authorization` header.
    RequestInvalid,
    /// More than 8 KiB.
    TokenTooLarge,
    /// Not a compact JWS with a strict JSON header.
    TokenMalformed,
    /// The header brings keys or changes what is signed.
    HeaderForbidden,
    /// `typ` is not that of an access token.
    TypeNotAccepted,
    /// `alg` is unknown or not in the policy.
    AlgorithmNotAllowed,
    /// No policy names `iss`.
    IssuerUnknown,
    /// `kid` is not in the issuer's set.
    KeyUnknown,
    /// `kid` names a key of another algorithm than `alg`.
    KeyAlgorithmMismatch,
    /// The key did not make the signature.
    SignatureInvalid,
    /// A claim is absent, repeated, mistyped, or contradicts another.
    ClaimsMalformed,
    /// `aud` is another one.
    AudienceMismatch,
    /// `exp` is past.
    TokenExpired,
    /// `nbf` is not reached.
    TokenNotYetValid,
    /// `iat` is not reached.
    TokenIssuedInFuture,
    /// Lives longer than the policy accepts.
    LifetimeExceeded,
    /// The policy does not name this client of this issuer.
    ClientNotAllowed,
    /// The token refers to no status list, or to one that the policy does not accept, or to no place in it.
    StatusNotAccepted,
    /// The status list says that the token is not valid.
    TokenRevoked,
    /// The token is bound to a key that nobody has shown.
    SenderConstraintUnmet,
    /// The policy never lets this client have the scope.
    ScopeBeyondCeiling,
    /// The token lacks the scope.
    InsufficientScope,
}

impl Code {
    /// The word in answers, logs and vectors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::RequestInvalid => "request_invalid",
            Self::TokenTooLarge => "token_too_large",
            Self::TokenMalformed => "token_malformed",
            Self::HeaderForbidden => "header_forbidden",
            Self::TypeNotAccepted => "type_not_accepted",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::IssuerUnknown => "issuer_unknown",
            Self::KeyUnknown => "key_unknown",
            Self::KeyAlgorithmMismatch => "key_algorithm_mismatch",
            Self::SignatureInvalid => "signature_invalid",
            Self::ClaimsMalformed => "claims_malformed",
            Self::AudienceMismatch => "audience_mismatch",
            Self::TokenExpired => "token_expired",
            Self::TokenNotYetValid => "token_not_yet_valid",
            Self::TokenIssuedInFuture => "token_issued_in_future",
            Self::LifetimeExceeded => "lifetime_exceeded",
            Self::ClientNotAllowed => "client_not_allowed",
            Self::StatusNotAccepted => "status_not_accepted",
            Self::TokenRevoked => "token_revoked",
            Self::SenderConstraintUnmet => "sender_constraint_unmet",
            Self::ScopeBeyondCeiling => "scope_beyond_ceiling",
            Self::InsufficientScope => "insufficient_scope",
        }
    }

    /// The HTTP status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::RequestInvalid => 400,
            Self::ClientNotAllowed | Self::ScopeBeyondCeiling | Self::InsufficientScope => 403,
            _ => 401,
        }
    }

    /// The `error` in `WWW-Authenticate` (RFC 6750 §3.1).
    pub const fn challenge(self) -> Challenge {
        match self {
            Self::TokenMissing => Challenge::Bare,
            Self::RequestInvalid => Challenge::Error("invalid_request"),
            Self::InsufficientScope => Challenge::Error("insufficient_scope"),
            Self::ClientNotAllowed | Self::ScopeBeyondCeiling => Challenge::None,
            _ => Challenge::Error("invalid_token"),
        }
    }
}

/// What `WWW-Authenticate` must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// No challenge: another token would not help.
    None,
    /// A challenge without an error, because no credentials came.
    Bare,
    /// This error.
    Error(&'static str),
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
