use super::change::{Change, Step};
use super::record::{KeyPurpose, KeyState};
use super::snapshot::KeySnapshot;
use super::{KeyRingError, NewKey};
use bridge_jose::Algorithm;
use bridge_types::KeyId;

/// What to say of a change once it is made.
pub(super) struct Note {
    purpose: KeyPurpose,
    lines: Vec<Line>,
}

struct Line {
    event: &'static str,
    kid: KeyId,
    algorithm: Option<Algorithm>,
    reason: Option<String>,
    message: &'static str,
}

impl Note {
    pub(super) fn of(change: &Change) -> Self {
        Self { purpose: change.purpose.clone(), lines: change.steps.iter().map(Line::of).collect() }
    }

    /// Writes one line for each step and counts it.
    pub(super) fn write(self) {
        let Self { purpose, lines } = self;
        for Line { event, kid, algorithm, reason, message } in lines {
            tracing::info!(target: "bridge", event, outcome = "ok", %kid, purpose = %purpose,
                algorithm = algorithm.map(Algorithm::as_str), detail = reason, "{message}");
            metrics::counter!("bridge_key_changes_total", "purpose" => purpose.kind(), "event" => event).increment(1);
        }
    }
}

impl Line {
    fn of(step: &Step) -> Self {
        let line =
            |event, kid: &KeyId, message| Self { event, kid: kid.clone(), algorithm: None, reason: None, message };
        let made = |event, key: &NewKey, message| Self {
            algorithm: Some(key.public.algorithm()),
            ..line(event, key.public.kid(), message)
        };
        match step {
            Step::Found(key) => made("key_created", key, "signing key made"),
            Step::Request { of, algorithm } => {
                Self { algorithm: Some(*algorithm), ..line("key_rotation_requested", of, "this key is to be replaced") }
            }
            Step::Cancel { of } => line("key_rotation_cancelled", of, "this key is not to be replaced after all"),
            Step::Prepare { key, .. } => made("key_prepared", key, "the next key is published and signs nothing yet"),
            Step::Activate(kid) => line("key_activated", kid, "this key signs from now on; the one before has retired"),
            Step::Destroy(kid) => line("key_destroyed", kid, "a retired key is withdrawn: all it signed has expired"),
            Step::Taint { kid, reason, .. } => Self {
                reason: Some(reason.clone()),
                ..line("key_tainted", kid, "this key signs no more: somebody else may have it")
            },
            Step::Revoke(kid) => line("key_revoked", kid, "this key is withdrawn, and all that it signed with it"),
        }
    }
}

/// Shows how many keys stand where.
pub(super) fn count(keys: &KeySnapshot) {
    for kind in ["access_tokens", "client"] {
        for state in KeyState::ALL.into_iter().filter(|state| !matches!(state, KeyState::Destroyed | KeyState::Revoked))
        {
            let stands = keys.iter().filter(|key| key.purpose.kind() == kind && key.state == state).count();
            let gauge = metrics::gauge!("bridge_keys", "purpose" => kind, "state" => state.as_str());
            gauge.set(f64::from(u32::try_from(stands).unwrap_or(u32::MAX)));
        }
    }
}

/// The store does not answer, and nobody waits for it.
pub(super) fn unreadable(error: &KeyRingError) {
    tracing::error!(target: "bridge", event = "keys_unreadable", outcome = "error", detail = %error,
        "the own keys cannot be read: those that are known stay published");
}

/// A client cannot sign, which stops that client and nobody else.
pub(super) fn unusable(purpose: &KeyPurpose, kid: &KeyId, detail: &dyn std::error::Error) {
    tracing::error!(target: "bridge", event = "key_unusable", outcome = "error", %kid, purpose = %purpose, detail = %detail,
        "a stored key cannot be used");
}
