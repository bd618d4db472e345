use crate::defect::{ClientDefect, RequestDefect, ScopeDefect, TargetDefect};
use crate::{KeyRingError, StoreFailure};
use actix_web::http::StatusCode;
use bridge_limits::Exceeded;
use std::sync::Arc;
use std::time::Duration;

/// When to come back after an outage.
const OUTAGE_PAUSE: Duration = Duration::from_secs(2);

/// Why no token was issued, split by what the caller can do about it.
///
/// Its `Display` and [`Self::detail`] are for the log; a caller gets [`Self::code`] and [`Self::description`] alone.
/// None of them contains any part of the request, except that `Display` quotes the one claim of a verified workload token
/// that does not match, cut.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Correct the request.
    #[error("invalid request: {0}")]
    InvalidRequest(#[from] RequestDefect),
    /// Correct the client's authentication.
    #[error("client not authenticated: {0}")]
    InvalidClient(#[from] ClientDefect),
    /// Have the client enabled again. It proved who it is.
    #[error("client disabled")]
    UnauthorizedClient,
    /// Use `client_credentials`.
    #[error("unsupported grant type: expected client_credentials")]
    UnsupportedGrantType,
    /// Ask for other scopes, or have them registered.
    #[error("invalid scope: {0}")]
    InvalidScope(#[from] ScopeDefect),
    /// Ask for another audience, or have it registered (RFC 8707 §2).
    #[error("invalid target: {0}")]
    InvalidTarget(#[from] TargetDefect),
    /// Ask less often: the client has used up its rate, or too many requests of its address were refused.
    #[error("too many requests: {0}")]
    RateLimited(RateLimited),
    /// Try again later. Nothing is wrong with the request.
    #[error("temporarily unavailable: {0}")]
    Unavailable(#[from] Outage),
}

impl TokenError {
    /// The HTTP status and the `error` of the answer.
    ///
    /// RFC 6749 §5.2, and `invalid_target` of RFC 8707 §2. No RFC names an error for a token endpoint that is out of
    /// order; `temporarily_unavailable` is borrowed from the authorization endpoint (RFC 6749 §4.1.2.1), also for callers that ask
    /// too often (429, RFC 6585 §4). A body that is
    /// too large or too slow gets the status that HTTP has for it, because it was not read to its end.
    pub fn answer(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidRequest(RequestDefect::BodyTooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"),
            Self::InvalidRequest(RequestDefect::BodyTooSlow) => (StatusCode::REQUEST_TIMEOUT, "invalid_request"),
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidClient(_) => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::UnauthorizedClient => (StatusCode::BAD_REQUEST, "unauthorized_client"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::InvalidScope(_) => (StatusCode::BAD_REQUEST, "invalid_scope"),
            Self::InvalidTarget(_) => (StatusCode::BAD_REQUEST, "invalid_target"),
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        }
    }

    /// The `error` of the answer.
    pub fn code(&self) -> &'static str {
        self.answer().1
    }

    /// The `error_description` of the answer: what the caller can see for itself, never what only the issuer knows.
    pub fn description(&self) -> String {
        match self {
            Self::InvalidRequest(defect) => defect.to_string(),
            Self::InvalidClient(defect) => defect.description().to_owned(),
            Self::UnauthorizedClient => "this client is disabled".to_owned(),
            Self::UnsupportedGrantType => "the only grant type is client_credentials".to_owned(),
            Self::InvalidScope(defect) => defect.to_string(),
            Self::InvalidTarget(defect) => defect.to_string(),
            Self::RateLimited(_) => "too many requests; try again later".to_owned(),
            Self::Unavailable(_) => "the request cannot be served right now; try again".to_owned(),
        }
    }

    /// The stable code of the exact reason, for the log alone.
    pub fn detail(&self) -> &'static str {
        match self {
            Self::InvalidRequest(defect) => defect.detail(),
            Self::InvalidClient(defect) => defect.detail(),
            Self::UnauthorizedClient => "client_disabled",
            Self::UnsupportedGrantType => "grant_type_unsupported",
            Self::InvalidScope(defect) => defect.detail(),
            Self::InvalidTarget(defect) => defect.detail(),
            Self::RateLimited(_) => "rate_limited",
            Self::Unavailable(outage) => outage.detail(),
        }
    }

    /// After how many whole seconds trying again may help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited(limited) => Some(limited.retry_after()),
            Self::Unavailable(_) => Some(OUTAGE_PAUSE),
            _ => None,
        }
    }
}

/// Whose rate is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateLimited {
    /// The client's, which has authenticated.
    #[error("the client asks for more tokens than it may")]
    Client(Exceeded),
    /// The address's, for refused requests; this one was refused for `detail`.
    #[error("too many refusals to this address; this one is for {detail}")]
    Address {
        /// What [`TokenError::detail`] said of the refusal that this stands for.
        detail: &'static str,
        /// When to come back.
        exceeded: Exceeded,
    },
}

impl RateLimited {
    fn retry_after(self) -> Duration {
        match self {
            Self::Client(exceeded) | Self::Address { exceeded, .. } => exceeded.retry_after,
        }
    }
}

/// Why the issuer cannot do its work at the moment.
#[derive(Debug, thiserror::Error)]
pub enum Outage {
    /// More requests wait for the store than are let in.
    #[error("too many requests are waiting")]
    Overloaded,
    /// The issuer is shutting down.
    #[error("the issuer is stopping")]
    Stopping,
    /// The store could not keep the assertion's `jti`, reserve an index for the token, or revoke one.
    #[error(transparent)]
    Store(Arc<StoreFailure>),
    /// The keys could not be read, or none could sign.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// The keys of a workload issuer cannot be had, so that its tokens cannot be judged.
    #[error("the keys of workload issuer {0} are not there: {1}")]
    WorkloadKeys(String, String),
    /// The token could not be written, or would end outside the calendar.
    #[error("the token cannot be made")]
    Token,
}

impl Outage {
    fn detail(&self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::Stopping => "stopping",
            Self::Store(_) | Self::Keys(KeyRingError::Store(_)) => "store_failed",
            Self::Keys(_) => "key_backend_failed",
            Self::WorkloadKeys(..) => "workload_keys_unavailable",
            Self::Token => "token_not_made",
        }
    }
}

/// Why an issuer does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The signing key can be neither read nor made.
    #[error("no signing key: {0}")]
    Keys(#[from] KeyRingError),
    /// The store does not say which clients are disabled.
    #[error("the state of clients is unknown: {0}")]
    Store(#[from] StoreFailure),
}
