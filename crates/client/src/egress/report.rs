use super::call::Call;
use super::error::CallError;
use super::partner_api::PartnerApi;
use super::refusal::Problem;
use super::response::{ApiResponse, correlation_id};
use crate::BearerToken;
use crate::text::{excerpt, with_causes};
use bridge_types::CorrelationId;
use http::{HeaderMap, StatusCode};
use std::borrow::Cow;
use std::time::Duration;
use tracing::field::display;

/// What came of one exchange, for the log.
pub(super) enum Reported<'r> {
    /// The partner answered.
    Answer { status: StatusCode, correlation_id: Option<CorrelationId> },
    /// The partner refused: 401, 403 or 429.
    Refusal { status: StatusCode, correlation_id: Option<CorrelationId>, reason: Option<Cow<'r, str>> },
    /// There was no answer.
    Failure(&'r CallError),
}

impl<'r> Reported<'r> {
    /// What came of an exchange whose answer was read to its end.
    pub(super) fn of(result: &'r Result<ApiResponse, CallError>) -> Self {
        match result {
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => Self::Refusal {
                status: response.status(),
                correlation_id: response.correlation_id(),
                reason: response.json::<Problem>().ok().and_then(|problem| problem.code).map(Cow::Owned),
            },
            Ok(response) => Self::Answer { status: response.status(), correlation_id: response.correlation_id() },
            Err(CallError::Unauthorized { refusal, .. } | CallError::Forbidden { refusal, .. }) => Self::Refusal {
                status: refusal.response().status(),
                correlation_id: refusal.correlation_id(),
                reason: refusal.code().map(Cow::Borrowed),
            },
            Err(error) => Self::Failure(error),
        }
    }

    /// What came of an exchange of whose answer only the head is known. `reason` counts for a refusal.
    pub(super) fn of_head(status: StatusCode, headers: &HeaderMap, reason: Option<&'r str>) -> Self {
        let correlation_id = correlation_id(headers);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
                Self::Refusal { status, correlation_id, reason: reason.map(Cow::Borrowed) }
            }
            _ => Self::Answer { status, correlation_id },
        }
    }
}

impl PartnerApi {
    /// One line for each exchange, whatever came of it.
    pub(super) fn report(&self, call: &Call, token: &BearerToken, reported: &Reported<'_>, latency: Duration) {
        macro_rules! line {
            ($level:ident, $text:literal, $($field:tt)*) => {
                tracing::$level!(target: "bridge", event = "egress", partner = self.0.partner,
                    iss = %self.0.tokens.issuer().url(), client_id = %self.0.tokens.client_id(), aud = %self.0.audience, scope = %call.scopes,
                    token = %token.fingerprint(), trace_id = call.trace.trace_id(), method = %call.method,
                    url = call.url_for_logs(), path = call.url.path(),
                    latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), $($field)* $text)
            };
        }
        match reported {
            Reported::Answer { status, correlation_id } => {
                let (status, failed) = (status.as_u16(), status.is_server_error());
                let correlation_id = correlation_id.map(display);
                if failed {
                    line!(error, "partner failed", outcome = "error", status, correlation_id,);
                } else {
                    line!(info, "partner called", outcome = "ok", status, correlation_id,);
                }
            }
            Reported::Refusal { status, correlation_id, reason } => {
                let waits = *status == StatusCode::TOO_MANY_REQUESTS;
                let (status, correlation_id) = (status.as_u16(), correlation_id.map(display));
                let reason = reason.as_deref().map(excerpt);
                if waits {
                    line!(warn, "partner asks us to wait", outcome = "deny", status, correlation_id, reason,);
                } else {
                    line!(warn, "partner refused", outcome = "deny", status, correlation_id, reason,);
                }
            }
            Reported::Failure(error) => {
                line!(error, "partner not reached", outcome = "error", detail = with_causes(error),);
            }
        }
    }
}
