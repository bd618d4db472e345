use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What `/readyz` reports.
///
/// A partner or an issuer that is away does not make a sidecar unready, because it says so in each answer. A token file
/// that is not there does, because nobody else would say it.
#[derive(Debug, Default)]
pub(crate) struct Health {
    name: String,
    stopping: AtomicBool,
    token_files: Mutex<Vec<TokenFileState>>,
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    status: Status,
    sidecar: String,
    version: &'static str,
    token_files: Vec<TokenFileState>,
}

/// How one token file is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TokenFileState {
    pub(crate) file: PathBuf,
    pub(crate) partner: String,
    pub(crate) present: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ready,
    Failing,
    Stopping,
}

impl Health {
    pub(crate) fn new(name: &str, token_files: Vec<TokenFileState>) -> Arc<Self> {
        let (name, stopping) = (name.to_owned(), AtomicBool::new(false));
        Arc::new(Self { name, stopping, token_files: Mutex::new(token_files) })
    }

    /// From now on the sidecar is not ready.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Notes whether the token file at this place of the configuration is there.
    pub(crate) fn note(&self, index: usize, present: bool) {
        if let Some(file) = self.token_files.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
            file.present = present;
        }
    }

    pub(crate) fn readiness(&self) -> Readiness {
        let token_files = self.token_files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let status = match self.stopping.load(Ordering::Acquire) {
            true => Status::Stopping,
            false if token_files.iter().all(|file| file.present) => Status::Ready,
            false => Status::Failing,
        };
        Readiness { status, sidecar: self.name.clone(), version: env!("CARGO_PKG_VERSION"), token_files }
    }
}

impl Readiness {
    pub(crate) fn is_ready(&self) -> bool {
        self.status == Status::Ready
    }
}
