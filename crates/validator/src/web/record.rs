use super::bounds::Bounds;
use super::correlation::correlation_id;
use crate::access::VerifiedAccess;
use crate::denial::{Denial, Facts};
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use bridge_types::{Clock, CorrelationId, Fingerprint, ScopeSet};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// How long a text that the caller chose may get in a log.
const MAX_LOGGED: usize = 128;

/// What is written down of one request: one count and one log line, when it is dropped. A caller that hangs up half way
/// is written down too, without a status. Of refusals that come in a flood, most are only counted.
pub(super) struct Record {
    pub(super) correlation_id: CorrelationId,
    trace_id: Option<String>,
    method: String,
    path: String,
    clock: Arc<dyn Clock>,
    started: Duration,
    bounds: Arc<Bounds>,
    verdict: RefCell<Verdict>,
}

#[derive(Default)]
struct Verdict {
    decision: Option<Decision>,
    status: Option<StatusCode>,
}

/// The one value that log, metric and answer derive from.
enum Decision {
    /// The token is good. `required_scope` is absent when no route asked for one, as with an unknown path.
    Allowed {
        access: Arc<VerifiedAccess>,
        required_scope: Option<&'static str>,
    },
    Denied(Denial),
}

impl Record {
    pub(super) fn open(request: &ServiceRequest, clock: &Arc<dyn Clock>, bounds: &Arc<Bounds>) -> Self {
        Self {
            correlation_id: correlation_id(request),
            trace_id: request.headers().get("traceparent").and_then(|value| trace_id(value.to_str().ok()?)),
            method: excerpt(request.method().as_str()),
            path: excerpt(request.path()),
            started: clock.monotonic(),
            clock: Arc::clone(clock),
            bounds: Arc::clone(bounds),
            verdict: RefCell::default(),
        }
    }

    pub(super) fn allow(&self, access: Arc<VerifiedAccess>, required_scope: Option<&'static str>) {
        self.verdict.borrow_mut().decision = Some(Decision::Allowed { access, required_scope });
    }

    pub(super) fn deny(&self, denial: Denial) {
        self.verdict.borrow_mut().decision = Some(Decision::Denied(denial));
    }

    pub(super) fn answered(&self, status: StatusCode) {
        self.verdict.borrow_mut().status = Some(status);
    }

    /// True once a route asked for its scope and got it.
    pub(super) fn is_scope_granted(&self) -> bool {
        matches!(self.verdict.borrow().decision, Some(Decision::Allowed { required_scope: Some(_), .. }))
    }

    fn write_down(&self) {
        let verdict = self.verdict.borrow();
        match &verdict.decision {
            Some(Decision::Allowed { access, required_scope }) => {
                let known = Known::of_access(access);
                access.partner.allowed(|partner| counter(partner, "allowed")).increment(1);
                self.log_allowed(&known, *required_scope, verdict.status);
            }
            Some(Decision::Denied(denial)) => {
                let known = Known::of_facts(denial.facts());
                count(known.partner, denial.reason().as_str());
                if let Some(status) = &denial.facts().status {
                    status.note_refusal(denial.reason());
                }
                if self.bounds.is_written_down(denial) {
                    self.log_denied(&known, denial, verdict.status);
                }
            }
            // The caller hung up while its key was being fetched.
            None => count(UNKNOWN, "abandoned"),
        }
    }

    fn log_allowed(&self, known: &Known<'_>, required_scope: Option<&str>, status: Option<StatusCode>) {
        tracing::info!(
            target: "bridge",
            event = "decision",
            outcome = "allow",
            reason = "allowed",
            iss = known.iss,
            kid = known.kid,
            client_id = known.client_id,
            aud = known.aud,
            scope = known.scope.map(|scope| excerpt(&scope.to_string())),
            verified = true,
            token = known.token.map(tracing::field::display),
            correlation_id = %self.correlation_id,
            trace_id = self.trace_id,
            partner = known.partner,
            method = self.method,
            path = self.path,
            required_scope,
            status = status.map(|status| status.as_u16()),
            latency_us = self.latency_us(),
            "request allowed"
        );
    }

    fn log_denied(&self, known: &Known<'_>, denial: &Denial, status: Option<StatusCode>) {
        tracing::warn!(
            target: "bridge",
            event = "decision",
            outcome = "deny",
            reason = denial.reason().as_str(),
            iss = known.iss.map(excerpt),
            kid = known.kid.map(excerpt),
            client_id = known.client_id.map(excerpt),
            aud = known.aud.map(excerpt),
            scope = known.scope.map(|scope| excerpt(&scope.to_string())),
            verified = known.verified,
            token = known.token.map(tracing::field::display),
            correlation_id = %self.correlation_id,
            trace_id = self.trace_id,
            partner = known.partner,
            method = self.method,
            path = self.path,
            required_scope = denial.required_scope(),
            status = status.map(|status| status.as_u16()),
            latency_us = self.latency_us(),
            detail = excerpt(denial.detail()),
            "request denied"
        );
    }

    fn latency_us(&self) -> u64 {
        let passed = self.clock.monotonic().saturating_sub(self.started);
        u64::try_from(passed.as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.write_down();
    }
}

/// The partner of a token that names none.
pub(super) const UNKNOWN: &str = "unknown";

/// What a line can say of the token, borrowed from wherever the decision has it.
struct Known<'a> {
    verified: bool,
    partner: &'a str,
    iss: Option<&'a str>,
    kid: Option<&'a str>,
    client_id: Option<&'a str>,
    aud: Option<&'a str>,
    scope: Option<&'a ScopeSet>,
    token: Option<Fingerprint>,
}

impl<'a> Known<'a> {
    fn of_access(access: &'a VerifiedAccess) -> Self {
        let claims = &access.claims;
        Self {
            verified: true,
            partner: &access.partner.policy().partner,
            iss: Some(claims.iss.as_str()),
            kid: Some(access.kid.as_str()),
            client_id: Some(claims.client_id.as_str()),
            aud: Some(claims.aud.as_str()),
            scope: Some(&claims.scope),
            token: Some(access.token),
        }
    }

    fn of_facts(facts: &'a Facts) -> Self {
        Self {
            verified: facts.verified,
            partner: facts.partner.as_deref().unwrap_or(UNKNOWN),
            iss: facts.iss.as_deref(),
            kid: facts.kid.as_ref().map(AsRef::as_ref),
            client_id: facts.client_id.as_ref().map(AsRef::as_ref),
            aud: facts.aud.as_ref().map(AsRef::as_ref),
            scope: facts.scope.as_ref(),
            token: facts.token,
        }
    }
}

/// Labels are configured names and our own constants, never what a caller sent.
fn count(partner: &str, reason: &'static str) {
    counter(partner, reason).increment(1);
}

fn counter(partner: &str, reason: &'static str) -> metrics::Counter {
    metrics::counter!("bridge_decisions_total", "partner" => partner.to_owned(), "reason" => reason)
}

/// The start of a text, with control characters escaped so that it cannot forge log lines.
pub(super) fn excerpt(text: &str) -> String {
    let plain = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\'' | b'\\');
    if text.len() <= MAX_LOGGED && text.bytes().all(plain) {
        return text.to_owned();
    }
    text.chars().take(MAX_LOGGED).flat_map(char::escape_debug).collect()
}

/// `trace-id` of a `traceparent` (W3C Trace Context §3.2.2.3).
fn trace_id(header: &str) -> Option<String> {
    let id = header.split('-').nth(1)?;
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let sound = id.len() == 32 && id.bytes().all(lower_hex) && id.bytes().any(|b| b != b'0');
    sound.then(|| id.to_owned())
}
