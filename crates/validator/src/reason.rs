use std::fmt;

/// Why a request was refused. The code is stable: logs, metrics, answers and reports all say the same word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No bearer token came with the request.
    TokenMissing,
    /// The token did not come in exactly one well-formed `Authorization: Bearer` header (RFC 6750 §2, §3.1).
    RequestInvalid,
    /// The token is longer than [`bridge_jose::MAX_TOKEN_BYTES`].
    TokenTooLarge,
    /// Not a compact JWS with a strict JSON header and a readable issuer (RFC 7515 §7.1).
    TokenMalformed,
    /// The header has a member with which a sender could bring its own key or change what is signed.
    HeaderForbidden,
    /// `typ` is not that of an access token (RFC 9068 §4): another kind of token stands in for one.
    TypeNotAccepted,
    /// `alg` is not of the profile, or not in the partner's policy (RFC 8725 §3.1).
    AlgorithmNotAllowed,
    /// No trust policy names this issuer.
    IssuerUnknown,
    /// The kill switch of the partner's policy is off.
    PartnerDisabled,
    /// The last day of the partner's policy is over.
    PolicyExpired,
    /// The issuer does not publish a key of this id.
    KeyUnknown,
    /// The issuer's keys could not be obtained, so nothing can be said about the token.
    KeysUnavailable,
    /// The key that `kid` names is for another algorithm than the header says.
    KeyAlgorithmMismatch,
    /// The key did not make this signature.
    SignatureInvalid,
    /// A claim is absent, repeated, of the wrong type, or contradicts another.
    ClaimsMalformed,
    /// The token is for another API (RFC 9068 §4).
    AudienceMismatch,
    /// `exp` is past.
    TokenExpired,
    /// `nbf` is not reached.
    TokenNotYetValid,
    /// `iat` lies in the future: a clock is wrong.
    TokenIssuedInFuture,
    /// The token lives longer than the policy accepts from this partner.
    LifetimeExceeded,
    /// The policy does not name this client of this issuer.
    ClientNotAllowed,
    /// The token does not say where its status stands, or names a place that the policy does not accept.
    StatusNotAccepted,
    /// The issuer has taken the token back.
    TokenRevoked,
    /// There is no status list that says anything now, so nothing can be said about the token.
    StatusUnavailable,
    /// The token is bound to a key of its sender, which this release cannot check.
    SenderConstraintUnmet,
    /// The policy never lets this client have the scope of the route.
    ScopeBeyondCeiling,
    /// The token lacks the scope of the route; the client may ask its issuer for it.
    InsufficientScope,
    /// The client asks for more than its rate, or too many requests of this address were refused a moment ago.
    RateLimited,
}

/// What `WWW-Authenticate` says (RFC 6750 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// No challenge: another token would not help.
    None,
    /// `Bearer` with the place of the metadata, and no error code, because no credentials came (RFC 6750 §3.1).
    Bare,
    /// `error="invalid_request"`.
    InvalidRequest,
    /// `error="invalid_token"`.
    InvalidToken,
    /// `error="insufficient_scope"` with `scope`.
    InsufficientScope,
}

/// What the outside learns of a [`Reason`]: fixed texts, poorer than the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outward {
    /// The stable code.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The challenge.
    pub challenge: Challenge,
    /// One sentence for the caller. Never contains a value of the request.
    pub sentence: &'static str,
}

const fn row(code: &'static str, status: u16, challenge: Challenge, sentence: &'static str) -> Outward {
    Outward { code, status, challenge, sentence }
}

/// Another token may do.
const fn invalid_token(code: &'static str, sentence: &'static str) -> Outward {
    row(code, 401, Challenge::InvalidToken, sentence)
}

/// No token will do.
const fn forbidden(code: &'static str, sentence: &'static str) -> Outward {
    row(code, 403, Challenge::None, sentence)
}

impl Reason {
    /// Every reason, in the order in which a request meets them.
    pub const ALL: [Self; 28] = [
        Self::TokenMissing,
        Self::RequestInvalid,
        Self::TokenTooLarge,
        Self::TokenMalformed,
        Self::HeaderForbidden,
        Self::TypeNotAccepted,
        Self::AlgorithmNotAllowed,
        Self::IssuerUnknown,
        Self::PartnerDisabled,
        Self::PolicyExpired,
        Self::KeyUnknown,
        Self::KeysUnavailable,
        Self::KeyAlgorithmMismatch,
        Self::SignatureInvalid,
        Self::ClaimsMalformed,
        Self::AudienceMismatch,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::TokenIssuedInFuture,
        Self::LifetimeExceeded,
        Self::ClientNotAllowed,
        Self::StatusNotAccepted,
        Self::TokenRevoked,
        Self::StatusUnavailable,
        Self::SenderConstraintUnmet,
        Self::ScopeBeyondCeiling,
        Self::InsufficientScope,
        Self::RateLimited,
    ];

    /// Code, status, challenge and sentence: the one place where they are decided.
    pub const fn outward(self) -> Outward {
        use Challenge::{Bare, InsufficientScope, InvalidRequest, None};
        match self {
            Self::TokenMissing => row("token_missing", 401, Bare, "a bearer token is required"),
            Self::RequestInvalid => {
                row("request_invalid", 400, InvalidRequest, "expected one bearer token in one header")
            }
            Self::TokenTooLarge => invalid_token("token_too_large", "the token is too large"),
            Self::TokenMalformed => invalid_token("token_malformed", "the token is not a signed JWT"),
            Self::HeaderForbidden => invalid_token("header_forbidden", "the token header has a forbidden member"),
            Self::TypeNotAccepted => invalid_token("type_not_accepted", "the token is not an access token"),
            Self::AlgorithmNotAllowed => invalid_token("algorithm_not_allowed", "the algorithm is not accepted"),
            Self::IssuerUnknown => invalid_token("issuer_unknown", "the issuer is not trusted here"),
            Self::PartnerDisabled => forbidden("partner_disabled", "trust in this partner is switched off"),
            Self::PolicyExpired => forbidden("policy_expired", "trust in this partner has ended"),
            Self::KeyUnknown => invalid_token("key_unknown", "the issuer does not publish this key"),
            Self::KeysUnavailable => {
                row("keys_unavailable", 503, None, "the keys of the issuer cannot be obtained now")
            }
            Self::KeyAlgorithmMismatch => invalid_token("key_algorithm_mismatch", "the key is for another algorithm"),
            Self::SignatureInvalid => invalid_token("signature_invalid", "the signature does not verify"),
            Self::ClaimsMalformed => invalid_token("claims_malformed", "the claims are not those of an access token"),
            Self::AudienceMismatch => invalid_token("audience_mismatch", "the token is for another audience"),
            Self::TokenExpired => invalid_token("token_expired", "the token has expired"),
            Self::TokenNotYetValid => invalid_token("token_not_yet_valid", "the token is not valid yet"),
            Self::TokenIssuedInFuture => invalid_token("token_issued_in_future", "the token was issued in the future"),
            Self::LifetimeExceeded => invalid_token("lifetime_exceeded", "the token lives longer than is accepted"),
            Self::ClientNotAllowed => forbidden("client_not_allowed", "this client is not admitted here"),
            Self::StatusNotAccepted => invalid_token("status_not_accepted", "the status of the token is not accepted"),
            Self::TokenRevoked => invalid_token("token_revoked", "the token was revoked"),
            Self::StatusUnavailable => {
                row("status_unavailable", 503, None, "the status list of the issuer cannot be obtained now")
            }
            Self::SenderConstraintUnmet => invalid_token("sender_constraint_unmet", "bound tokens are not accepted"),
            Self::ScopeBeyondCeiling => forbidden("scope_beyond_ceiling", "this client may never do this"),
            Self::InsufficientScope => row("insufficient_scope", 403, InsufficientScope, "the token lacks the scope"),
            Self::RateLimited => row("rate_limited", 429, None, "too many requests: try again later"),
        }
    }

    /// The stable code, such as `audience_mismatch`.
    pub const fn as_str(self) -> &'static str {
        self.outward().code
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Challenge, Reason};
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_words() {
        let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')), "{codes:?}");
    }

    #[test]
    fn a_challenge_stands_exactly_where_another_token_would_help() {
        for reason in Reason::ALL {
            let outward = reason.outward();
            let expected = match outward.challenge {
                Challenge::None => [403, 429, 503].contains(&outward.status),
                Challenge::Bare | Challenge::InvalidToken => outward.status == 401,
                Challenge::InvalidRequest => outward.status == 400,
                Challenge::InsufficientScope => outward.status == 403,
            };
            assert!(expected, "{reason}: {outward:?}");
        }
    }

    #[test]
    fn sentences_fit_into_a_challenge() {
        for reason in Reason::ALL {
            let sentence = reason.outward().sentence;
            assert!(sentence.bytes().all(|b| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{sentence}");
        }
    }
}
