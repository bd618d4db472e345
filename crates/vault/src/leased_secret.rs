use crate::lease::{Lease, PasswordCredentials};
use crate::pace::{backoff, renewal_delay};
use crate::{Vault, VaultError, VaultPath};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long credentials that were replaced stay good, for those who still use them.
const OVERLAP: Duration = Duration::from_secs(30);

/// Credentials that are leased, prolonged at two thirds of their lease, replaced before they end, and given back.
///
/// A handle: clones share the credentials.
#[derive(Clone)]
pub struct LeasedSecret(Arc<Inner>);

struct Inner {
    vault: Vault,
    path: VaultPath,
    /// What is held; locked while it changes, so that one request is made however many wait.
    held: Mutex<Option<Held>>,
    replaced: Mutex<Vec<(Duration, Lease)>>,
    current: watch::Sender<Option<Arc<PasswordCredentials>>>,
}

struct Held {
    lease: Lease,
    /// For how long it was first given.
    first: Duration,
    /// Monotonic.
    renew_at: Duration,
    ends_at: Duration,
    /// The login that it was made under: it ends with the token of that login.
    generation: u64,
}

impl LeasedSecret {
    /// The credentials at a path such as `database/creds/ROLE`. Nothing is leased before they are needed.
    pub fn new(vault: Vault, path: VaultPath) -> Self {
        let (current, _) = watch::channel(None);
        Self(Arc::new(Inner { vault, path, held: Mutex::default(), replaced: Mutex::default(), current }))
    }

    /// The credentials: leased now if there are none, or none that are still good.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn current(&self) -> Result<Arc<PasswordCredentials>, VaultError> {
        let mut held = self.0.held.lock().await;
        let now = self.now();
        let known = self.0.current.borrow().clone();
        match (&*held, known) {
            (Some(lease), Some(known)) if now < lease.ends_at => Ok(known),
            _ => self.lease(&mut held).await,
        }
    }

    /// Tells of every replacement: whoever holds connections opens new ones, and closes the old ones within half a minute.
    pub fn watch(&self) -> watch::Receiver<Option<Arc<PasswordCredentials>>> {
        self.0.current.subscribe()
    }

    /// Prolongs and replaces the credentials in time until shut down, and takes back replaced ones. They are not given back
    /// at the end: call [`Self::release`] when nobody uses them any more.
    pub async fn keep(self, shutdown: CancellationToken) {
        let mut pauses = backoff();
        let mut generation = self.0.vault.generation();
        let mut delay = Duration::ZERO;
        loop {
            let woken = async {
                tokio::select! {
                    () = sleep(delay) => {}
                    Ok(()) = generation.changed() => {}
                }
            };
            if shutdown.run_until_cancelled(woken).await.is_none() {
                return;
            }
            self.revoke_replaced(self.now()).await;
            delay = match self.prolong().await {
                Ok(due) => {
                    pauses = backoff();
                    due
                }
                Err(error) => {
                    tracing::error!(target: "bridge", event = "lease_renewal_failed", outcome = "error",
                        reason = error.outcome(), path = %self.0.path, detail = %error, "a lease was not prolonged");
                    pauses.next().unwrap_or(OVERLAP)
                }
            };
        }
    }

    /// Gives all credentials back. For the end of the process.
    pub async fn release(&self) {
        let held = self.0.held.lock().await.take();
        self.0.current.send_replace(None);
        if let Some(held) = held {
            self.0.replaced.lock().await.push((Duration::ZERO, held.lease));
        }
        self.revoke_replaced(Duration::MAX).await;
    }

    /// Does what is due, and gives the time until something is.
    async fn prolong(&self) -> Result<Duration, VaultError> {
        let mut guard = self.0.held.lock().await;
        let Some(held) = guard.as_mut() else { return Ok(OVERLAP) };
        let now = self.now();
        let outlived = held.generation != *self.0.vault.generation().borrow();
        if !outlived && now < held.renew_at {
            return Ok(held.renew_at.saturating_sub(now).min(OVERLAP));
        }
        if !outlived && held.lease.is_renewable() {
            match held.lease.renew(&self.0.vault, held.first).await {
                // Much less than was asked for: it nears the end that OpenBao sets for it.
                Ok(renewed) if renewed.duration() >= held.first / 2 => {
                    held.prolonged(renewed, now);
                    return Ok(held.renew_at.saturating_sub(now).min(OVERLAP));
                }
                Ok(_) | Err(VaultError::Refused { .. } | VaultError::Denied { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.lease(&mut guard).await.map(|_| Duration::ZERO)
    }

    /// Leases anew and puts what was held aside.
    async fn lease(&self, held: &mut Option<Held>) -> Result<Arc<PasswordCredentials>, VaultError> {
        let (lease, credentials) = Lease::read(&self.0.vault, &self.0.path).await?;
        let (now, generation) = (self.now(), *self.0.vault.generation().borrow());
        let first = lease.duration();
        tracing::info!(target: "bridge", event = "secret_leased", outcome = "ok", path = %self.0.path,
            seconds = first.as_secs(), "credentials leased");
        let new = Held { first, renew_at: now + renewal_delay(first), ends_at: now + first, lease, generation };
        if let Some(old) = held.replace(new) {
            self.0.replaced.lock().await.push((now + OVERLAP, old.lease));
        }
        let credentials = Arc::new(credentials);
        self.0.current.send_replace(Some(Arc::clone(&credentials)));
        Ok(credentials)
    }

    async fn revoke_replaced(&self, now: Duration) {
        let mut replaced = self.0.replaced.lock().await;
        let (due, later) = replaced.drain(..).partition(|(at, _)| *at <= now);
        *replaced = later;
        drop(replaced);
        let due: Vec<(Duration, Lease)> = due;
        for (_, lease) in due {
            if let Err(error) = lease.revoke(&self.0.vault).await {
                tracing::warn!(target: "bridge", event = "lease_not_revoked", outcome = "error",
                    reason = error.outcome(), path = %self.0.path, detail = %error, "a lease ends by itself");
            }
        }
    }

    fn now(&self) -> Duration {
        self.0.vault.clock().monotonic()
    }
}

impl Held {
    fn prolonged(&mut self, lease: Lease, now: Duration) {
        self.renew_at = now + renewal_delay(lease.duration());
        self.ends_at = now + lease.duration();
        self.lease = lease;
    }
}

impl fmt::Debug for LeasedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedSecret").field("path", &self.0.path).finish_non_exhaustive()
    }
}
