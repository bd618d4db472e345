//! A world for a sidecar: an issuer, partners, an application.

mod application;
mod issuer;
mod process;
mod server;
mod settings;
mod stand;

pub(crate) use application::{Application, Reply};
pub(crate) use issuer::{Issuer, Mood};
pub(crate) use process::Running;
pub(crate) use server::{Partner, Server, answer};
pub(crate) use settings::Settings;
pub(crate) use stand::{Stand, start};

use std::time::Duration;

/// Waits for something that happens in the background, up to ten seconds.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(seen) = look().await {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never came about: {what}");
}
