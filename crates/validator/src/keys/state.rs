use super::IssuerKeys;
use super::refresh::RefreshError;
use bridge_jose::{Algorithm, IgnoredKey};
use bridge_types::{IssuerUrl, KeyId};
use jiff::Timestamp;
use serde::Serialize;
use std::sync::PoisonError;

/// Which keys of an issuer are held, for `partners check`, the operations pages and the partner mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyState {
    /// The partner.
    pub partner: String,
    /// The issuer.
    pub issuer: IssuerUrl,
    /// True for the keys of a `jwks_file`.
    pub pinned: bool,
    /// True when a token of this issuer could be verified now. An issuer that revoked all its keys counts as usable.
    pub usable: bool,
    /// The keys, by id.
    pub keys: Vec<HeldKey>,
    /// When the keys were last known to be those of the issuer.
    pub fetched_at: Option<Timestamp>,
    /// Until when the issuer calls them fresh; older ones go on being used up to the stale cap.
    pub fresh_until: Option<Timestamp>,
    /// The last flight to the issuer.
    pub last_attempt: Option<LastAttempt>,
    /// How far the issuer's clock is ahead of ours in milliseconds, by `Date` of its last answer: good to a second or so.
    pub clock_skew_ms: Option<i64>,
}

/// A key that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldKey {
    /// `kid`.
    pub kid: KeyId,
    /// The one algorithm of the key.
    pub algorithm: Algorithm,
    /// Since when it is held.
    pub since: Timestamp,
}

/// How the last flight to an issuer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastAttempt {
    /// When.
    pub at: Timestamp,
    /// Why it failed; absent when it did not.
    pub error: Option<String>,
}

impl IssuerKeys {
    /// What is held now.
    pub fn state(&self) -> KeyState {
        let loaded = self.held.load();
        let held = loaded.as_ref();
        let mut keys: Vec<HeldKey> = held.map(|held| held.describe().collect()).unwrap_or_default();
        keys.sort_by(|a, b| a.kid.cmp(&b.kid));
        let last_attempt =
            self.schedule().last().map(|(at, result)| LastAttempt { at: *at, error: result.clone().err() });
        KeyState {
            partner: self.partner().to_string(),
            issuer: self.issuer.url().clone(),
            pinned: self.publisher.is_none(),
            usable: self.usable(held).is_some(),
            keys,
            fetched_at: held.map(|held| held.fetched_at),
            fresh_until: held.and_then(|held| held.fresh_until),
            last_attempt,
            clock_skew_ms: *self.skew_ms.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Compares the clocks. `Date` has whole seconds, so the middle of that second is the best guess.
    pub(super) fn note_clock(&self, date: Option<Timestamp>, now: Timestamp) {
        let skew = date.map(|date| date.as_millisecond() + 500 - now.as_millisecond());
        *self.skew_ms.lock().unwrap_or_else(PoisonError::into_inner) = skew;
    }

    pub(super) fn log_success(&self, keys: usize) {
        self.count("ok");
        tracing::info!(
            target: "bridge",
            event = "keys_fetched",
            outcome = "ok",
            partner = &*self.partner(),
            iss = self.issuer.url().as_str(),
            keys,
            "keys of the issuer are up to date"
        );
    }

    pub(super) fn log_failure(&self, error: &RefreshError) {
        self.count("error");
        tracing::error!(
            target: "bridge",
            event = "keys_fetch_failed",
            outcome = "error",
            partner = &*self.partner(),
            iss = self.issuer.url().as_str(),
            detail = %error,
            "keys of the issuer could not be fetched: those that are held stay in use"
        );
    }

    pub(super) fn warn_of(&self, ignored: &[IgnoredKey]) {
        for IgnoredKey { kid, reason } in ignored {
            tracing::warn!(
                target: "bridge",
                event = "key_ignored",
                outcome = "error",
                partner = &*self.partner(),
                iss = self.issuer.url().as_str(),
                kid = kid.as_ref().map(KeyId::as_str),
                detail = %reason,
                "a published key cannot be used"
            );
        }
    }

    fn count(&self, outcome: &'static str) {
        metrics::counter!("bridge_key_fetches_total", "partner" => self.partner().to_string(), "outcome" => outcome)
            .increment(1);
    }
}
