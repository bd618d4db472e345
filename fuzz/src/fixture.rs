//! The parties of every target: the published keys of the attack vectors, and a moment that stands still.

use bridge_jose::{Algorithm, SigningKey};
use bridge_testkit::ManualClock;
use bridge_testkit::attacks::{Ring, vectors};
use std::sync::{Arc, LazyLock};

pub(crate) const ISSUER: &str = "https://issuer.company-a.example";
pub(crate) const API: &str = "https://api.company-b.example";
pub(crate) const CLIENT: &str = "order-service";
/// 2026-01-01T00:00:00Z, the moment of the vectors.
pub(crate) const NOW: i64 = 1_767_225_600;

pub(crate) static KEYS: LazyLock<vectors::Keys> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../scenarios/attacks/keys.json")).expect("the keys of the vectors are JSON")
});

pub(crate) fn ring(algorithm: Algorithm) -> Ring {
    vectors::ring(&KEYS, algorithm)
}

/// The key that signs what a target makes up. Its signatures are always the same for the same text.
pub(crate) fn key() -> &'static SigningKey {
    static KEY: LazyLock<SigningKey> = LazyLock::new(|| ring(Algorithm::EdDsa).current);
    &KEY
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(jiff::Timestamp::from_second(NOW).expect("a moment within the calendar")))
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts")
}
