use crate::error::with_causes;
use bridge_client::{CallError, TokenError};
use http::StatusCode;
use std::time::Duration;

/// Why the sidecar answers by itself instead of the partner.
///
/// Nothing in it comes from a body or a credential header, so all of it may be shown.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The caller has not shown who it is.
    CallerUnknown,
    /// The caller is a user who may not call.
    CallerNotAllowed { uid: u32 },
    /// A browser calls, or a page in one.
    Browser,
    /// The request is meant for another host.
    Host,
    /// The request brings credentials of its own.
    OwnCredentials { found: &'static str },
    /// The request cannot be read in one way only.
    Malformed { found: &'static str },
    /// A method that is never handed on.
    Method,
    /// The path is not one of a partner's API.
    Path { expected: &'static str },
    /// No such partner.
    Partner,
    /// No scopes are configured for the route.
    Route,
    /// The body is larger than the configuration allows.
    BodyTooLarge { limit: u64 },
    /// The body made no progress.
    BodyTooSlow,
    /// The body broke off.
    BodyBroken,
    /// There is no token, or the partner was not reached, or did not answer.
    Call(CallError),
    /// The partner answered with something that cannot be handed on.
    Answer { found: &'static str },
}

/// How a refusal looks from outside.
pub(crate) struct Outward {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    /// The error type of RFC 9209 §2.3.
    pub(crate) proxy_error: &'static str,
}

impl Refusal {
    /// Status, code, title and proxy error of each: the one place where they are assigned.
    pub(crate) fn outward(&self) -> Outward {
        use StatusCode as S;
        const DENIED: &str = "http_request_denied";
        const FAULTY: &str = "http_request_error";
        let (status, code, title, proxy_error) = match self {
            Self::CallerUnknown => (S::FORBIDDEN, "caller_unknown", "The caller did not show the caller key", DENIED),
            Self::CallerNotAllowed { .. } => (S::FORBIDDEN, "caller_not_allowed", "This user may not call", DENIED),
            Self::Browser => (S::FORBIDDEN, "browser_not_accepted", "The back channel is not for browsers", DENIED),
            Self::Host => (S::MISDIRECTED_REQUEST, "host_not_accepted", "Not a host of this sidecar", DENIED),
            Self::OwnCredentials { .. } => {
                (S::BAD_REQUEST, "credentials_not_accepted", "The application must not send credentials", DENIED)
            }
            Self::Malformed { .. } => (S::BAD_REQUEST, "request_malformed", "The request is ambiguous", FAULTY),
            Self::Method => (S::METHOD_NOT_ALLOWED, "method_not_accepted", "This method is not handed on", DENIED),
            Self::Path { .. } => (S::BAD_REQUEST, "path_not_accepted", "Not a path of a partner's API", FAULTY),
            Self::Partner => (S::NOT_FOUND, "partner_not_configured", "No such partner", "destination_not_found"),
            Self::Route => (S::FORBIDDEN, "route_not_configured", "No scopes for this route", DENIED),
            Self::BodyTooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large", DENIED),
            Self::BodyTooSlow => (S::REQUEST_TIMEOUT, "body_too_slow", "The body made no progress", FAULTY),
            Self::BodyBroken => (S::BAD_REQUEST, "body_broken", "The body broke off", FAULTY),
            Self::Call(CallError::Token(error)) => match error {
                TokenError::Unavailable(_) => {
                    (S::SERVICE_UNAVAILABLE, "token_unavailable", "No token at the moment", "proxy_internal_error")
                }
                TokenError::Refused(_) => {
                    (S::BAD_GATEWAY, "token_refused", "The own issuer refuses a token", "proxy_configuration_error")
                }
                TokenError::Unacceptable(_) => (
                    S::BAD_GATEWAY,
                    "token_not_acceptable",
                    "The own issuer gave no usable token",
                    "proxy_internal_error",
                ),
                TokenError::Stopping => {
                    (S::SERVICE_UNAVAILABLE, "stopping", "The sidecar is stopping", "proxy_internal_error")
                }
            },
            Self::Call(error) => match error {
                CallError::NotSent { .. } => {
                    (S::BAD_GATEWAY, "partner_unreachable", "The partner cannot be reached", "destination_unavailable")
                }
                CallError::Late { .. } => {
                    (S::GATEWAY_TIMEOUT, "partner_silent", "The partner does not answer", "http_response_timeout")
                }
                CallError::Invalid(_) => {
                    (S::BAD_REQUEST, "path_not_accepted", "The request cannot be handed on", FAULTY)
                }
                _ => (S::BAD_GATEWAY, "partner_broke_off", "The partner broke off", "connection_terminated"),
            },
            Self::Answer { .. } => {
                (S::BAD_GATEWAY, "answer_not_acceptable", "The partner's answer cannot be used", "http_protocol_error")
            }
        };
        Outward { status, code, title, proxy_error }
    }

    /// What was expected, what was found, and what to do, for whoever wrote the application.
    pub(crate) fn detail(&self) -> String {
        let fixed = match self {
            Self::CallerUnknown => {
                "send the content of the file `caller_key_file` in the header Bridge-Caller-Key; read it again after each \
                 start of the sidecar"
            }
            Self::CallerNotAllowed { uid } => {
                return format!("user id {uid} is not in `allow_uids` of [listen]");
            }
            Self::Browser => "headers Origin and Sec-Fetch-* are not accepted: call from a program, not from a page",
            Self::Host => "expected the Host header 127.0.0.1:PORT or localhost:PORT of this sidecar",
            Self::OwnCredentials { found } => {
                return format!("found {found}: remove it; the sidecar adds the token by itself");
            }
            Self::Malformed { found } | Self::Answer { found } => found,
            Self::Method => "expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
            Self::Path { expected } => return format!("expected {expected}"),
            Self::Partner => "the first segment of the path must be the name of a section [partners.NAME]",
            Self::Route => {
                "the partner's section has neither a route for this method and path nor `scopes` for all requests"
            }
            Self::BodyTooLarge { limit } => {
                return format!("expected at most {limit} bytes (`request_body` in [limits])");
            }
            Self::BodyTooSlow => "nothing came for the time that `body_idle` in [limits] allows",
            Self::BodyBroken => "the connection ended before the body did",
            Self::Call(error) => return with_causes(error),
        };
        fixed.to_owned()
    }

    /// True when the partner may have seen the request and acted on it, so that only what may happen twice should be
    /// tried again.
    pub(crate) fn partner_may_have_acted(&self) -> bool {
        match self {
            Self::Call(error) => matches!(
                error,
                CallError::NoAnswer { .. }
                    | CallError::Late { .. }
                    | CallError::AnswerTooLarge { .. }
                    | CallError::Unauthorized { .. }
                    | CallError::Forbidden { .. }
            ),
            Self::Answer { .. } => true,
            _ => false,
        }
    }

    /// When trying again may help.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Call(CallError::Token(error)) => {
                let due = |outage: &bridge_client::Outage| outage.retry_in().max(Duration::from_secs(1));
                matches!(error, TokenError::Unavailable(_)).then(|| error.outage().map(due)).flatten()
            }
            _ => None,
        }
    }
}
