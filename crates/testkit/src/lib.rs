//! Things that only tests need: a clock that is moved by hand, a forge for tokens with one defect, the attack
//! corpus made with it, a throw-away certificate authority, a real OpenBao, an independent verifier.
//!
//! Use it from `tests/it/`, benches and the scenarios. Inside `#[cfg(test)]` of a crate that this one depends on, that
//! crate's types would exist twice.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "in a test, a broken premise is a panic")]

pub mod attacks;
mod ca;
mod clock;
mod forge;
mod joserfc;
mod openbao;
#[cfg(target_os = "linux")]
mod outsider;

pub use ca::{TestCa, TestCertificate};
pub use clock::ManualClock;
pub use forge::{Forge, Members, Pen, SERVICE_ACCOUNT_UID, TestIssuer, json_text};
pub use joserfc::Joserfc;
pub use openbao::{OpenBao, OpenBaoSetup, TRANSIT};
#[cfg(target_os = "linux")]
pub use outsider::Outsider;
