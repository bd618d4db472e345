use crate::bounds::Bounds;
use crate::error::TokenError;
use crate::issuer::{IssuedToken, Issuer};
use crate::revocation::{Ignored, Revocation};
use bridge_types::{Clock, Fingerprint, IssuerUrl, KeyId};
use std::time::Duration;

/// How many characters of a value that a stranger chose go to the log.
const MAX_VALUE: usize = 128;

/// How many characters of a reason go to the log. It may quote a value.
const MAX_REASON: usize = 512;

/// What is known about one request while it runs, for its one line in the log.
pub(crate) struct Attempt {
    started: Duration,
    /// The key of the assertion, or of the token once there is one.
    pub(crate) kid: Option<KeyId>,
    client_id: Option<String>,
    aud: Option<String>,
    scope: Option<String>,
}

impl Attempt {
    pub(crate) fn begin(clock: &dyn Clock) -> Self {
        Self { started: clock.monotonic(), kid: None, client_id: None, aud: None, scope: None }
    }

    /// Notes which client the request says it comes from.
    pub(crate) fn client_names(&mut self, client_id: &str) {
        self.client_id = Some(excerpt(client_id, MAX_VALUE));
    }

    /// Notes what the request asks for.
    pub(crate) fn asks_for(&mut self, resource: Option<&str>, scope: Option<&str>) {
        self.aud = resource.map(|resource| excerpt(resource, MAX_VALUE));
        self.scope = scope.map(|scope| excerpt(scope, MAX_VALUE));
    }

    /// Counts the outcome and writes the line, unless it is one more refusal of a flood.
    pub(crate) fn record(
        &self,
        issuer: &IssuerUrl,
        bounds: &Bounds,
        clock: &dyn Clock,
        outcome: Result<&IssuedToken, &TokenError>,
    ) {
        count(outcome);
        if outcome.is_err_and(|error| !bounds.is_written_down(error)) {
            return;
        }
        let latency_us = self.latency_us(clock);
        match outcome {
            Ok(token) => self.issued(issuer, token, latency_us),
            Err(error @ TokenError::Unavailable(_)) => self.failed(issuer, error, latency_us),
            Err(error) => self.refused(issuer, error, latency_us),
        }
    }

    /// Counts the outcome of a revocation request and writes the line, unless it is one more refusal of a flood.
    pub(crate) fn record_revocation(
        &self,
        issuer: &Issuer,
        token: Option<Fingerprint>,
        outcome: Result<&Revocation, &TokenError>,
    ) {
        let counted = match outcome {
            Ok(Revocation::Revoked) => "revoked",
            Ok(Revocation::Ignored(_)) => "ignored",
            Err(error) => error.code(),
        };
        metrics::counter!("bridge_revocation_requests_total", "outcome" => counted).increment(1);
        let (iss, latency_us) = (issuer.config().url(), self.latency_us(&**issuer.clock()));
        match outcome {
            Ok(Revocation::Revoked) => self.revoked(iss, token, latency_us),
            Ok(Revocation::Ignored(ignored)) => self.ignored(iss, token, *ignored, latency_us),
            Err(error) if issuer.bounds().is_written_down(error) => self.not_revoked(iss, token, error, latency_us),
            Err(_) => {}
        }
    }

    fn revoked(&self, iss: &IssuerUrl, token: Option<Fingerprint>, latency_us: u64) {
        tracing::info!(
            target: "bridge", event = "token_revoked", outcome = "ok", %iss, client_id = self.client_id,
            token = token.map(tracing::field::display), status = 200, latency_us, "token revoked by its client"
        );
    }

    fn ignored(&self, iss: &IssuerUrl, token: Option<Fingerprint>, ignored: Ignored, latency_us: u64) {
        tracing::warn!(
            target: "bridge", event = "revocation_ignored", outcome = "ok", detail = ignored.code(), %iss,
            client_id = self.client_id, token = token.map(tracing::field::display), status = 200, latency_us,
            "nothing was revoked: {ignored}"
        );
    }

    fn not_revoked(&self, iss: &IssuerUrl, token: Option<Fingerprint>, error: &TokenError, latency_us: u64) {
        let (status, reason) = error.answer();
        let message = excerpt(&error.to_string(), MAX_REASON);
        let (kid, client_id) = (self.kid.as_ref().map(KeyId::as_str), self.client_id.as_deref());
        let (detail, status, token) = (error.detail(), status.as_u16(), token.map(tracing::field::display));
        if matches!(error, TokenError::Unavailable(_)) {
            tracing::error!(
                target: "bridge", event = "revocation_refused", outcome = "error", reason, detail, %iss, kid,
                client_id, token, status, latency_us, "{message}"
            );
        } else {
            tracing::warn!(
                target: "bridge", event = "revocation_refused", outcome = "deny", reason, detail, %iss, kid,
                client_id, token, status, latency_us, "{message}"
            );
        }
    }

    fn latency_us(&self, clock: &dyn Clock) -> u64 {
        let latency = clock.monotonic().saturating_sub(self.started);
        u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
    }

    fn issued(&self, iss: &IssuerUrl, token: &IssuedToken, latency_us: u64) {
        tracing::info!(
            target: "bridge", event = "token_issued", outcome = "ok", %iss,
            kid = self.kid.as_ref().map(KeyId::as_str), client_id = self.client_id, aud = self.aud, scope = self.scope,
            token = %token.access_token.fingerprint(), status = 200, latency_us, "token issued"
        );
    }

    fn refused(&self, iss: &IssuerUrl, error: &TokenError, latency_us: u64) {
        let (status, reason) = error.answer();
        tracing::warn!(
            target: "bridge", event = "token_refused", outcome = "deny", reason, detail = error.detail(), %iss,
            kid = self.kid.as_ref().map(KeyId::as_str), client_id = self.client_id, aud = self.aud, scope = self.scope,
            status = status.as_u16(), latency_us, "{}", excerpt(&error.to_string(), MAX_REASON)
        );
    }

    fn failed(&self, iss: &IssuerUrl, error: &TokenError, latency_us: u64) {
        let (status, reason) = error.answer();
        tracing::error!(
            target: "bridge", event = "token_refused", outcome = "error", reason, detail = error.detail(), %iss,
            kid = self.kid.as_ref().map(KeyId::as_str), client_id = self.client_id, aud = self.aud, scope = self.scope,
            status = status.as_u16(), latency_us, "{}", excerpt(&error.to_string(), MAX_REASON)
        );
    }
}

fn count(outcome: Result<&IssuedToken, &TokenError>) {
    let outcome = match outcome {
        Ok(_) => "issued",
        Err(error @ TokenError::RateLimited(_)) => error.detail(),
        Err(error) => error.code(),
    };
    metrics::counter!("bridge_token_requests_total", "outcome" => outcome).increment(1);
}

/// The start of a text, with characters escaped that could forge a line of the log.
fn excerpt(text: &str, max: usize) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    if text.len() <= max && !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars().take(max).map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn hostile_text_is_cut_and_cannot_start_a_line() {
        assert_eq!(excerpt("shop", 128), "shop");
        assert_eq!(excerpt("a\nb\u{1b}[31m", 128), "a\\nb\\u{1b}[31m");
        assert_eq!(excerpt(&"ä".repeat(1000), 128).chars().count(), 128);
    }
}
