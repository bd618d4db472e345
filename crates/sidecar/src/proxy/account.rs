use super::caller::Peer;
use super::flow::{End, Meter};
use bridge_client::TraceParent;
use bridge_types::{Clock, CorrelationId};
use http::request::Parts;
use http::{Method, StatusCode};
use std::sync::Arc;
use std::time::Duration;

const MAX_PATH: usize = 128;

/// What the log says of one request, whatever comes of it. Without its query, which may say more than a log should know.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) trace: TraceParent,
    uid: Option<u32>,
    clock: Arc<dyn Clock>,
    started: Duration,
}

impl Account {
    pub(super) fn open(peer: Peer, head: &Parts, trace: TraceParent, clock: Arc<dyn Clock>) -> Self {
        let uid = match peer {
            Peer::Loopback => None,
            Peer::User(uid) => Some(uid),
        };
        let started = clock.monotonic();
        let path = head.uri.path().chars().take(MAX_PATH).collect();
        Self { method: head.method.clone(), path, trace, uid, clock, started }
    }

    fn latency_us(&self) -> u64 {
        let latency = self.clock.monotonic().saturating_sub(self.started);
        u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
    }

    /// The sidecar answered by itself.
    pub(super) fn refused(&self, partner: &str, status: StatusCode, reason: &'static str, told: Told<'_>) {
        let Self { method, path, uid, .. } = self;
        let Told { correlation_id, detail } = told;
        macro_rules! line {
            ($level:ident, $outcome:literal) => {
                tracing::$level!(target: "bridge", event = "refused", outcome = $outcome, reason, partner, %method, path, uid,
                    status = status.as_u16(), %correlation_id, trace_id = self.trace.trace_id(),
                    latency_us = self.latency_us(), detail, "request not handed on")
            };
        }
        if status.is_server_error() {
            line!(error, "error");
        } else {
            line!(warn, "deny");
        }
        metrics::counter!("bridge_sidecar_requests_total", "partner" => partner.to_owned(), "outcome" => reason)
            .increment(1);
    }
}

/// What the caller was told.
#[derive(Clone, Copy)]
pub(super) struct Told<'t> {
    pub(super) correlation_id: CorrelationId,
    pub(super) detail: &'t str,
}

/// The account of a request that the partner answered. It is closed, with one line, when the answer has flowed to its
/// end or whoever read it has gone.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) account: Account,
    pub(super) partner: String,
    pub(super) status: StatusCode,
    pub(super) correlation_id: Option<CorrelationId>,
    pub(super) request: Option<Arc<Meter>>,
    pub(super) response: Arc<Meter>,
}

impl Drop for Handed {
    fn drop(&mut self) {
        let Self { account, partner, status, correlation_id, request, response } = self;
        let Account { method, path, uid, trace, .. } = &*account;
        let (sent, received) = (request.as_ref().map_or(0, |request| request.bytes()), response.bytes());
        let correlation_id = correlation_id.map(tracing::field::display);
        macro_rules! line {
            ($level:ident, $outcome:literal, $reason:expr) => {
                tracing::$level!(target: "bridge", event = "handed_on", outcome = $outcome, reason = $reason, partner, %method,
                    path, uid, status = status.as_u16(), correlation_id, trace_id = trace.trace_id(), request_bytes = sent,
                    response_bytes = received, latency_us = account.latency_us(), "request handed on")
            };
        }
        let broken = match response.end() {
            End::Whole => None,
            End::Open => Some("caller_went_away"),
            End::Broken => Some("answer_broken"),
            End::TooLarge => Some("answer_too_large"),
            End::TooSlow => Some("answer_too_slow"),
        };
        match broken {
            None => line!(info, "ok", None::<&str>),
            Some(reason) => line!(warn, "error", Some(reason)),
        }
        let outcome = broken.unwrap_or("answered");
        let partner = partner.clone();
        metrics::counter!("bridge_sidecar_requests_total", "partner" => partner.clone(), "outcome" => outcome)
            .increment(1);
        metrics::counter!("bridge_sidecar_bytes_total", "partner" => partner.clone(), "direction" => "out")
            .increment(sent);
        metrics::counter!("bridge_sidecar_bytes_total", "partner" => partner, "direction" => "in").increment(received);
    }
}
