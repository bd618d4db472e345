use bridge_jose::{ClaimsInvalid, Malformed, SignatureInvalid};

/// What is wrong with the form of a token or revocation request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestDefect {
    /// The token endpoint takes no parameters in its URL (RFC 6749 §3.2).
    #[error("parameters belong in the body, not in the query")]
    QueryParameters,
    /// Not exactly one `Content-Type: application/x-www-form-urlencoded`, in UTF-8 and without a content coding.
    #[error("the content type must be application/x-www-form-urlencoded, without content coding")]
    ContentType,
    /// More than 64 KiB.
    #[error("the body must not exceed 65536 bytes")]
    BodyTooLarge,
    /// Not there in time.
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    /// The connection ended before the body did.
    #[error("the body is incomplete")]
    BodyIncomplete,
    /// Not a form of UTF-8 text.
    #[error("the body is not a well-formed form")]
    FormMalformed,
    /// A parameter stands there twice (RFC 6749 §3.2).
    #[error("a parameter is repeated")]
    ParameterRepeated,
    /// No `grant_type`.
    #[error("grant_type is missing")]
    GrantTypeMissing,
    /// No `token` in a revocation request (RFC 7009 §2.1).
    #[error("token is missing")]
    TokenMissing,
    /// More than one way of client authentication (RFC 6749 §2.3).
    #[error("use exactly one way of client authentication")]
    CredentialsTwice,
    /// A `client_assertion_type` alone.
    #[error("client_assertion is missing")]
    AssertionMissing,
    /// A `client_assertion` alone.
    #[error("client_assertion_type is missing")]
    AssertionTypeMissing,
}

impl RequestDefect {
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::QueryParameters => "query_parameters",
            Self::ContentType => "content_type",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::BodyIncomplete => "body_incomplete",
            Self::FormMalformed => "form_malformed",
            Self::ParameterRepeated => "parameter_repeated",
            Self::GrantTypeMissing => "grant_type_missing",
            Self::TokenMissing => "token_missing",
            Self::CredentialsTwice => "credentials_twice",
            Self::AssertionMissing => "assertion_missing",
            Self::AssertionTypeMissing => "assertion_type_missing",
        }
    }
}

/// Why a client is not authenticated. In the order in which it is found out.
#[derive(Debug, thiserror::Error)]
pub enum ClientDefect {
    /// No credentials at all.
    #[error("no client authentication in the request")]
    Missing,
    /// An `Authorization` header. The answer then names a scheme (RFC 6749 §5.2).
    #[error("the authorization header is no accepted way of client authentication")]
    AuthorizationHeader,
    /// A `client_secret`.
    #[error("client_secret is no accepted way of client authentication")]
    Secret,
    /// Another `client_assertion_type` than that of RFC 7523 §2.2, or than that of a JWT-SVID for a client bound to one.
    #[error("client_assertion_type is not the one for this kind of assertion")]
    AssertionType,
    /// Not a token of the profile.
    #[error("assertion malformed: {0}")]
    Malformed(#[from] Malformed),
    /// `typ` names another kind of token.
    #[error("assertion has the type of another kind of token")]
    Type,
    /// Nobody of this id is registered.
    #[error("client unknown")]
    Unknown,
    /// `client_id` names another client than the assertion (RFC 7521 §4.2).
    #[error("client_id is not the client of the assertion")]
    ClientIdMismatch,
    /// `kid` names no key of this client.
    #[error("key unknown")]
    KeyUnknown,
    /// Not made with the key that `kid` names.
    #[error("assertion not verified: {0}")]
    Signature(#[from] SignatureInvalid),
    /// A claim is missing, repeated or not of its type.
    #[error("assertion claims refused: {0}")]
    Claims(#[from] ClaimsInvalid),
    /// `sub` is not `iss`.
    #[error("sub of the assertion is not its iss")]
    SubjectMismatch,
    /// `aud` is not the issuer identifier alone.
    #[error("aud of the assertion is not the issuer identifier")]
    AudienceMismatch,
    /// Past `exp` and leeway.
    #[error("assertion expired")]
    Expired,
    /// Before `nbf` less leeway.
    #[error("assertion not yet valid")]
    NotYetValid,
    /// `iat` beyond the leeway.
    #[error("assertion issued in the future")]
    IssuedInFuture,
    /// Lives longer than a client assertion may.
    #[error("assertion lives longer than 60 seconds")]
    LifetimeExceeded,
    /// `exp` is not after `iat` and `nbf`.
    #[error("assertion is valid at no time")]
    NeverValid,
    /// A token of a platform, and no `client_id` that says which client it is to stand for.
    #[error("client_id is missing: the token of a platform does not say which client it stands for")]
    ClientIdMissing,
    /// An algorithm that the workload issuer does not use.
    #[error("algorithm not among those of the workload issuer")]
    WorkloadAlgorithm,
    /// A token of another platform, or of another trust domain.
    #[error("workload token of another issuer: expected {expected:?}, found {found:?}")]
    WorkloadIssuer {
        /// What the binding names.
        expected: String,
        /// What the token says, cut.
        found: String,
    },
    /// Lives longer than a workload token of this client may.
    #[error("workload token lives too long: expected at most {cap} seconds, found {found}")]
    WorkloadLifetime {
        /// The cap, in seconds.
        cap: i64,
        /// Its life, in seconds.
        found: i64,
    },
    /// A claim by which the client is bound is another, or of another type, or not there.
    #[error("claim {claim} of the workload token: expected {expected}, found {found}")]
    ClaimMismatch {
        /// Where it stands (RFC 6901).
        claim: String,
        /// What the binding says.
        expected: String,
        /// What the token says, cut.
        found: String,
    },
    /// Its `jti` was accepted before.
    #[error("assertion used before")]
    Replayed,
}

impl ClientDefect {
    /// What the caller is told. Whether a client exists, and which keys it has, cannot be learnt from it; what is
    /// wrong with the claims is told only after the signature was found good.
    pub(crate) fn description(&self) -> &'static str {
        match self {
            Self::Missing | Self::AuthorizationHeader | Self::Secret | Self::AssertionType => {
                "the only client authentication is a client assertion: private_key_jwt, or a workload token (RFC 7523)"
            }
            Self::Malformed(_) => "the client assertion is not a well-formed JWT of this profile",
            Self::Type => "the typ of the client assertion must be client-authentication+jwt",
            Self::Unknown
            | Self::ClientIdMismatch
            | Self::ClientIdMissing
            | Self::KeyUnknown
            | Self::Signature(_)
            | Self::WorkloadAlgorithm
            | Self::WorkloadIssuer { .. }
            | Self::ClaimMismatch { .. } => "client authentication failed",
            Self::Claims(_) => "the client assertion must have iss, sub, aud, exp and jti, each once and of its type",
            Self::SubjectMismatch => "iss and sub of the client assertion must both be the client id",
            Self::AudienceMismatch => "aud of the client assertion must be the issuer identifier alone",
            Self::Expired => "the client assertion has expired",
            Self::NotYetValid | Self::IssuedInFuture => "the client assertion is not valid yet",
            Self::LifetimeExceeded => "a client assertion may live for 60 seconds at most",
            Self::NeverValid => "exp of the client assertion must be after its iat and nbf",
            Self::WorkloadLifetime { .. } => "the workload token lives longer than this issuer accepts",
            Self::Replayed => "a client assertion may be used only once",
        }
    }

    pub(crate) fn detail(&self) -> &'static str {
        match self {
            Self::Missing => "credentials_missing",
            Self::AuthorizationHeader => "authorization_header",
            Self::Secret => "client_secret",
            Self::AssertionType => "assertion_type_unsupported",
            Self::Malformed(Malformed::TooLarge { .. }) => "assertion_too_large",
            Self::Malformed(Malformed::ForbiddenMember(_)) => "header_forbidden",
            Self::Malformed(Malformed::Algorithm) | Self::WorkloadAlgorithm => "algorithm_not_allowed",
            Self::Malformed(_) => "assertion_malformed",
            Self::Type => "type_not_accepted",
            Self::Unknown => "client_unknown",
            Self::ClientIdMismatch => "client_id_mismatch",
            Self::KeyUnknown => "key_unknown",
            Self::Signature(SignatureInvalid::AlgorithmMismatch) => "key_algorithm_mismatch",
            Self::Signature(SignatureInvalid::Wrong) => "signature_invalid",
            Self::Claims(_) | Self::NeverValid => "claims_malformed",
            Self::SubjectMismatch => "subject_mismatch",
            Self::AudienceMismatch => "audience_mismatch",
            Self::Expired => "assertion_expired",
            Self::NotYetValid => "assertion_not_yet_valid",
            Self::IssuedInFuture => "assertion_issued_in_future",
            Self::LifetimeExceeded | Self::WorkloadLifetime { .. } => "lifetime_exceeded",
            Self::ClientIdMissing => "client_id_missing",
            Self::WorkloadIssuer { .. } => "workload_issuer_mismatch",
            Self::ClaimMismatch { .. } => "workload_claim_mismatch",
            Self::Replayed => "assertion_replayed",
        }
    }
}

/// What is wrong with the scope that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeDefect {
    /// None was asked for, and there is no default (RFC 6749 §3.3).
    #[error("scope is missing")]
    Missing,
    /// Not scope tokens with one space between them, each once.
    #[error("scope is malformed")]
    Malformed,
    /// More than is registered for the client at that audience.
    #[error("scope exceeds what is registered for this client and resource")]
    NotRegistered,
}

impl ScopeDefect {
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "scope_missing",
            Self::Malformed => "scope_malformed",
            Self::NotRegistered => "scope_not_registered",
        }
    }
}

/// What is wrong with the resource that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetDefect {
    /// None was asked for, and there is no default.
    #[error("resource is missing")]
    Missing,
    /// Several were asked for. A token is for one API.
    #[error("exactly one resource may be asked for")]
    Repeated,
    /// Not registered for the client.
    #[error("resource is not registered for this client")]
    NotRegistered,
}

impl TargetDefect {
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "resource_missing",
            Self::Repeated => "resource_repeated",
            Self::NotRegistered => "resource_not_registered",
        }
    }
}
