use crate::answer::Answer;
use crate::request::Request;
use crate::session::Session;
use crate::{Identity, VaultAddress, VaultError, VaultPath, pace};
use arc_swap::ArcSwapOption;
use bridge_types::{Clock, Invalid};
use bytes::Bytes;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// A denial sooner than this after a login is believed; a later one may come from a token that was revoked meanwhile.
const SURE_OF_TOKEN: Duration = Duration::from_secs(1);
/// How often a token that never ends is looked at.
const IDLE: Duration = Duration::from_mins(10);

/// How OpenBao is reached, as whom, and how much is asked of it.
#[derive(Debug, Clone)]
pub struct Settings {
    address: VaultAddress,
    namespace: Option<HeaderValue>,
    pub(crate) identity: Identity,
    limits: Limits,
}

/// How much is asked of OpenBao.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long one call may take: its turn, a login if there must be one, and the answer.
    pub timeout: Duration,
    /// How many requests may be under way at once. The others wait for their turn.
    pub concurrent: usize,
}

impl Default for Limits {
    /// Two seconds, 16 requests.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2), concurrent: 16 }
    }
}

impl Settings {
    /// OpenBao at this address, with the default limits and without a namespace.
    pub fn new(address: VaultAddress, identity: Identity) -> Self {
        Self { address, namespace: None, identity, limits: Limits::default() }
    }

    /// With other limits.
    ///
    /// # Errors
    /// When the time is not from 100 milliseconds to 30 seconds, or the number not from 1 to 1024.
    pub fn with_limits(mut self, limits: Limits) -> Result<Self, Invalid> {
        let sound = (Duration::from_millis(100)..=Duration::from_secs(30)).contains(&limits.timeout)
            && (1..=1024).contains(&limits.concurrent);
        if !sound {
            let expected = "a time-out from 100ms to 30s, and 1 to 1024 concurrent requests";
            return Err(Invalid::new("limits for OpenBao", expected, &format!("{limits:?}")));
        }
        self.limits = limits;
        Ok(self)
    }

    /// In a namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: &VaultPath) -> Self {
        self.namespace = HeaderValue::from_str(namespace.as_str()).ok();
        self
    }

    /// Where OpenBao is.
    pub fn address(&self) -> &VaultAddress {
        &self.address
    }

    /// Who this workload is to it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn namespace_header(&self) -> Option<&HeaderValue> {
        self.namespace.as_ref()
    }
}

/// OpenBao, as this workload. A handle: clones share connections, token and limits.
///
/// Nothing is asked before the first use. [`Self::keep`] keeps the token alive; without it, a token that has ended is
/// replaced by the next use.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    settings: Settings,
    builder: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    clock: Arc<dyn Clock>,
    session: ArcSwapOption<Session>,
    /// Held while logging in; remembers the last failure, so that those who waited need not try one after the other.
    login: Mutex<Option<(Duration, VaultError)>>,
    turns: Semaphore,
    generation: watch::Sender<u64>,
}

impl Vault {
    /// OpenBao by HTTP clients of this builder, which has the authorities to trust and the static addresses. No redirect is
    /// followed and no proxy used, whatever the builder says.
    pub fn new(
        settings: Settings,
        builder: impl Fn() -> ClientBuilder + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (generation, _) = watch::channel(0);
        let (session, login) = (ArcSwapOption::empty(), Mutex::default());
        let turns = Semaphore::new(settings.limits.concurrent);
        Self(Arc::new(Inner { settings, builder: Box::new(builder), clock, session, login, turns, generation }))
    }

    /// How OpenBao is reached.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Keeps the token alive until shut down: renews it at two thirds of its lease, and logs in anew when it nears its end.
    pub async fn keep(self, shutdown: CancellationToken) {
        let mut pauses = pace::backoff();
        let mut delay = Duration::ZERO;
        while shutdown.run_until_cancelled(sleep(delay)).await.is_some() {
            let limit = self.0.settings.limits.timeout;
            let outcome = timeout(limit, self.renew()).await;
            delay = match outcome.unwrap_or(Err(VaultError::TimedOut { operation: "renew the token", limit })) {
                Ok(due) => {
                    pauses = pace::backoff();
                    due
                }
                Err(error) => {
                    count("renew_token", error.outcome());
                    tracing::error!(target: "bridge", event = "vault_token_renewal_failed", outcome = "error",
                        reason = error.outcome(), detail = %error, "the token of OpenBao was not renewed");
                    pauses.next().unwrap_or(IDLE)
                }
            };
        }
    }

    /// Gives the token back, and with it everything that was leased under it. For the end of the process, when nothing
    /// is asked any more.
    pub async fn close(&self) {
        let Some(session) = self.0.session.swap(None) else { return };
        if self.0.settings.identity.login_mount().is_none() {
            return;
        }
        let path = "auth/token/revoke-self".to_owned();
        let revoke = Request::post("revoke_token", "revoke the token", path, Bytes::from_static(b"{}"));
        let outcome = timeout(self.0.settings.limits.timeout, session.exchange(&self.0.settings, &revoke)).await;
        if let Ok(Err(error)) = outcome {
            tracing::warn!(target: "bridge", event = "vault_token_not_revoked", outcome = "error",
                reason = error.outcome(), detail = %error, "the token of OpenBao ends by itself");
        }
    }

    /// Changes with every login: what was leased before ends with the token before.
    pub(crate) fn generation(&self) -> watch::Receiver<u64> {
        self.0.generation.subscribe()
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Sends a request with the token of this workload, within the limits.
    pub(crate) async fn call(&self, request: Request) -> Result<Answer, VaultError> {
        let limit = self.0.settings.limits.timeout;
        let timed_out = VaultError::TimedOut { operation: request.operation, limit };
        let outcome = timeout(limit, self.attempt(&request)).await.unwrap_or(Err(timed_out));
        count(request.label, outcome.as_ref().map_or_else(VaultError::outcome, |_| "ok"));
        outcome
    }

    async fn attempt(&self, request: &Request) -> Result<Answer, VaultError> {
        let settings = &self.0.settings;
        let _turn = self.0.turns.acquire().await.map_err(|error| VaultError::Client(error.to_string()))?;
        let session = self.session().await?;
        let outcome = session.exchange(settings, request).await;
        // To read an agent's file again costs nothing.
        let sure = settings.identity.login_mount().is_some() && session.age(self.now()) < SURE_OF_TOKEN;
        if sure || !matches!(outcome, Err(VaultError::Denied { .. })) {
            return outcome;
        }
        let anew = self.log_in(Some(&session)).await?;
        if anew.has_token_of(&session) { outcome } else { anew.exchange(settings, request).await }
    }

    async fn session(&self) -> Result<Arc<Session>, VaultError> {
        match self.live() {
            Some(session) => Ok(session),
            None => self.log_in(None).await,
        }
    }

    fn live(&self) -> Option<Arc<Session>> {
        self.0.session.load_full().filter(|session| session.is_live(self.now()))
    }

    /// Logs in, once however many wait for it, unless somebody has since the given session.
    async fn log_in(&self, instead_of: Option<&Arc<Session>>) -> Result<Arc<Session>, VaultError> {
        let Inner { settings, login, .. } = &*self.0;
        let asked_at = self.now();
        let mut failed = login.lock().await;
        let newer = |session: &Arc<Session>| instead_of.is_none_or(|old| !Arc::ptr_eq(session, old));
        if let Some(session) = self.live().filter(newer) {
            return Ok(session);
        }
        if let Some((_, error)) = failed.as_ref().filter(|(at, _)| *at > asked_at) {
            return Err(error.clone());
        }
        let generation = *self.0.generation.borrow() + 1;
        let begun = match self.client() {
            Ok(client) => Session::begin(settings, client, asked_at, generation).await,
            Err(error) => Err(error),
        };
        let session = Arc::new(begun.inspect_err(|error| {
            count("login", error.outcome());
            *failed = Some((self.now(), error.clone()));
        })?);
        count("login", "ok");
        tracing::info!(target: "bridge", event = "vault_login", outcome = "ok", address = %settings.address,
            identity = settings.identity.kind(), "logged in to OpenBao");
        self.0.session.store(Some(Arc::clone(&session)));
        self.0.generation.send_replace(session.generation());
        Ok(session)
    }

    /// Renews the token, or replaces it; gives the time until that is due again.
    async fn renew(&self) -> Result<Duration, VaultError> {
        let Some(session) = self.live() else { return self.log_in(None).await.map(|session| self.due(&session)) };
        if session.renew_at().is_none_or(|at| at > self.now()) {
            return Ok(self.due(&session));
        }
        let Some(renewed) = session.renewed(&self.0.settings, self.now()).await? else {
            return self.log_in(Some(&session)).await.map(|session| self.due(&session));
        };
        count("renew_token", "ok");
        let renewed = Arc::new(renewed);
        // Unless somebody has logged in anew meanwhile.
        self.0.session.compare_and_swap(&session, Some(Arc::clone(&renewed)));
        Ok(self.due(&renewed))
    }

    fn due(&self, session: &Session) -> Duration {
        session.renew_at().map_or(IDLE, |at| at.saturating_sub(self.now()))
    }

    /// The client for a new session: a certificate may have been renewed since the last.
    fn client(&self) -> Result<Client, VaultError> {
        let unusable = |error: reqwest::Error| VaultError::Client(crate::answer::causes(&error));
        let mut builder = (self.0.builder)().redirect(Policy::none()).referer(false).no_proxy();
        if let Some(pem) = self.0.settings.identity.pem()? {
            builder = builder.identity(reqwest::Identity::from_pem(&pem).map_err(unusable)?);
        }
        builder.build().map_err(unusable)
    }

    fn now(&self) -> Duration {
        self.0.clock.monotonic()
    }
}

fn count(operation: &'static str, outcome: &'static str) {
    metrics::counter!("bridge_vault_requests_total", "operation" => operation, "outcome" => outcome).increment(1);
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("address", &self.0.settings.address).finish_non_exhaustive()
    }
}
