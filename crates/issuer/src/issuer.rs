use crate::bounds::Bounds;
use crate::defect::{RequestDefect, ScopeDefect, TargetDefect};
use crate::discovery::Document;
use crate::error::{Outage, StartError, TokenError};
use crate::form::TokenForm;
use crate::record::Attempt;
use crate::replay::{AuthenticatedClient, ReplayGuard};
use crate::request::Asked;
use crate::status::{Indices, Published, Publisher, Ticket, Unsigned};
use crate::{
    Clients, IssuerConfig, IssuerStore, KeyPurpose, KeyRing, KeySnapshot, RevokeToken, StatusInMemory, StatusStore,
    TokenRequest,
};
use arc_swap::ArcSwap;
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{StatusClaim, Typ};
use bridge_limits::PeerAddress;
use bridge_types::{AccessToken, Audience, Clock, ScopeSet, TokenId};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How old the keys that are published may be. A change is noticed much sooner; this is for a process that notices none.
const PUBLISHED_AGE: Duration = Duration::from_secs(1);

/// The issuer of one company: authenticates its own clients and mints their access tokens.
///
/// Serve it over HTTP with [`Issuer::configure`], or call [`Issuer::token`] directly.
pub struct Issuer {
    config: IssuerConfig,
    clients: ArcSwap<Clients>,
    ring: Arc<KeyRing>,
    pub(crate) replay: ReplayGuard,
    bounds: Bounds,
    clock: Arc<dyn Clock>,
    indices: Indices,
    pub(crate) revoker: Arc<dyn RevokeToken>,
    pub(crate) published: Published,
    publishing: Mutex<Option<JoinHandle<()>>>,
    pub(crate) metadata: Document,
}

/// An access token and what the client is told about it (RFC 6749 §5.1).
#[derive(Debug)]
pub struct IssuedToken {
    /// The token (RFC 9068).
    pub access_token: AccessToken,
    /// How long it will be valid.
    pub expires_in: Duration,
    /// What it permits: exactly what was asked for.
    pub scope: ScopeSet,
}

/// Where an issuer keeps what it must not forget besides its keys. The three may be one.
#[derive(Clone)]
pub struct IssuerStores {
    /// Used assertions.
    pub issuer: Arc<dyn IssuerStore>,
    /// The status of tokens.
    pub status: Arc<dyn StatusStore>,
    /// What revokes a token, for the revocation endpoint.
    pub revoker: Arc<dyn RevokeToken>,
}

impl IssuerStores {
    /// The status of tokens is forgotten with the process: for tests, and for an issuer that needs no memory.
    pub fn with_status_in_memory(issuer: Arc<dyn IssuerStore>) -> Self {
        let status = Arc::new(StatusInMemory::default());
        Self { issuer, status: Arc::clone(&status) as _, revoker: status }
    }
}

/// What a client gets: scopes that are all registered for it at that audience.
struct Grant {
    client: AuthenticatedClient,
    audience: Audience,
    scope: ScopeSet,
}

impl Issuer {
    /// Makes the first signing key if there is none, and starts the task that keeps assertions single-use.
    ///
    /// When the configured algorithm is not that of the active key, this asks for a rotation and goes on with that key.
    ///
    /// # Errors
    /// [`StartError`] when there is no usable key.
    pub async fn start(
        config: IssuerConfig,
        stores: IssuerStores,
        ring: Arc<KeyRing>,
        clients: Clients,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, StartError> {
        ring.ensure(&KeyPurpose::AccessTokens, config.algorithm()).await?;
        let IssuerStores { issuer: store, status, revoker } = stores;
        let known: Vec<_> = clients.iter().map(|client| client.id().clone()).collect();
        let indices = Indices::start(config.url(), Arc::clone(&status), Arc::clone(&clock), known.into_iter()).await?;
        let mut publisher = Publisher::new(status, Arc::clone(&clock), config.status_lists());
        let issuer = Arc::new(Self {
            metadata: Document::metadata(config.url()),
            clients: ArcSwap::from_pointee(clients),
            replay: ReplayGuard::start(store, Arc::clone(&clock)),
            bounds: Bounds::new(config.limits(), &clock),
            config,
            ring,
            clock,
            indices,
            revoker,
            published: Published::default(),
            publishing: Mutex::default(),
        });
        publisher.begin(&issuer).await;
        let publishing = tokio::spawn(publisher.run(Arc::downgrade(&issuer)));
        *issuer.publishing.lock().unwrap_or_else(PoisonError::into_inner) = Some(publishing);
        Ok(issuer)
    }

    /// What it is called and what its tokens are like.
    pub fn config(&self) -> &IssuerConfig {
        &self.config
    }

    /// Its keys, and those of the managed clients.
    pub fn ring(&self) -> &Arc<KeyRing> {
        &self.ring
    }

    /// The keys as they are published: a partner that fetches them holds, for as long as it may keep them, whatever was
    /// published before. So they are those of the store, even in a replica that has not noticed a change yet.
    pub(crate) async fn published_keys(&self) -> Arc<KeySnapshot> {
        self.ring.no_older_than(PUBLISHED_AGE).await
    }

    /// One status list as it is published.
    ///
    /// # Errors
    /// [`Unsigned`].
    pub(crate) async fn status_list(&self, number: u64) -> Result<Option<Document>, Unsigned> {
        let keys = self.published_keys().await;
        self.published.list(number, |kid| keys.published().any(|key| key.kid() == kid)).await
    }

    /// What callers may ask for, counted.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The registered clients as they are now.
    pub fn clients(&self) -> Arc<Clients> {
        self.clients.load_full()
    }

    /// Puts a new table of clients in the place of the old one. Requests that already run keep the one they began with;
    /// tokens that are out stay valid until they expire.
    pub fn replace_clients(&self, clients: Clients) {
        self.indices.expect(clients.iter().map(|client| client.id().clone()));
        self.clients.store(Arc::new(clients));
    }

    /// Answers one token request (RFC 6749 §4.4), writes its line in the log and counts it. Of
    /// refusals that come in a flood, most are only counted.
    ///
    /// When it gives a token, the assertion's `jti` is durably used up. A request whose form is refused, or whose
    /// assertion is, uses nothing up; one that asks for more than is registered does.
    ///
    /// Does NOT check what HTTP knows: method, content type, query, size.
    ///
    /// # Errors
    /// [`TokenError`], with the answer that RFC 6749 §5.2 has for it.
    pub async fn token(&self, request: TokenRequest<'_>) -> Result<IssuedToken, TokenError> {
        let mut attempt = Attempt::begin(&*self.clock);
        let peer = request.peer;
        let outcome = self.issue(request, &mut attempt).await.map_err(|error| self.bounds.refuse(error, peer));
        attempt.record(self.config.url(), &self.bounds, &*self.clock, outcome.as_ref());
        outcome
    }

    /// Logs and counts a request that HTTP already found wanting.
    pub(crate) fn refuse(&self, defect: RequestDefect, peer: PeerAddress) -> TokenError {
        let attempt = Attempt::begin(&*self.clock);
        let refusal = self.bounds.refuse(defect.into(), peer);
        attempt.record(self.config.url(), &self.bounds, &*self.clock, Err(&refusal));
        refusal
    }

    /// Says in the log how many refusals of the last second were counted and not written down. Call it every second,
    /// because after the last request of a flood no other may come to say so.
    pub fn log_suppressed(&self) {
        self.bounds.log_left_out();
    }

    /// Takes no more token requests, lets those that run end, and ends the background task. The rest keeps answering.
    pub async fn stop(&self) {
        self.replay.stop().await;
        self.indices.stop();
        if let Some(publishing) = self.publishing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            publishing.abort();
        }
    }

    async fn issue(&self, request: TokenRequest<'_>, attempt: &mut Attempt) -> Result<IssuedToken, TokenError> {
        // Before the assertion is claimed: what is revoked after this moment ends the token whatever its key, and what
        // was revoked before the claim is known after it. Nothing falls between the two.
        let now = self.clock.now();
        let form = TokenForm::parse(request.form)?;
        attempt.asks_for(form.resource.as_deref(), form.scope.as_deref());
        let asked = Asked::read(&form, request.authorization_header)?;
        let client = self.authenticate(&asked.credentials, now, attempt).await?;
        let grant = Grant::of(client, asked)?;
        self.mint(grant, now, attempt).await
    }

    /// Makes an access token (RFC 9068 §2).
    async fn mint(&self, grant: Grant, now: Timestamp, attempt: &mut Attempt) -> Result<IssuedToken, TokenError> {
        let client_id = grant.client.client().id();
        let Ticket { reference, not_before } = self.indices.take(client_id, grant.client.revisions().clients).await?;
        let issued_at = not_earlier(now, not_before);
        let claims = AccessTokenClaims {
            iss: self.config.url().clone(),
            sub: client_id.clone(),
            client_id: client_id.clone(),
            aud: grant.audience,
            scope: grant.scope,
            iat: issued_at.into(),
            exp: issued_at.checked_add(self.config.lifetime()).map_err(|_| Outage::Token)?.into(),
            nbf: None,
            jti: TokenId::random(),
            cnf: None,
            status: Some(StatusClaim { status_list: reference }),
        };
        let revision = Some(grant.client.revisions().keys);
        let signed = self.ring.sign(revision, Typ::AccessToken, &claims).await.map_err(Outage::Keys)?;
        attempt.kid = Some(signed.kid().clone());
        let access_token = AccessToken::new(signed.into_token());
        Ok(IssuedToken { access_token, expires_in: self.config.lifetime(), scope: claims.scope })
    }
}

impl Grant {
    /// Everything asked for, or nothing (RFC 6749 §3.3 lets a server narrow; this one does not).
    fn of(client: AuthenticatedClient, asked: Asked<'_>) -> Result<Self, TokenError> {
        let (audience, ceiling) = client.client().access().find(asked.resource).ok_or(TargetDefect::NotRegistered)?;
        if !asked.scope.is_subset(ceiling) {
            return Err(ScopeDefect::NotRegistered.into());
        }
        Ok(Self { audience: audience.clone(), scope: asked.scope, client })
    }
}

/// The moment of issue: now, or the first second that a revocation of all tokens of the client does not cover. That lies
/// less than a second ahead, which the leeway of every validator forgives; waiting for it would not be forgiven.
fn not_earlier(now: Timestamp, not_before: Option<i64>) -> Timestamp {
    match not_before {
        Some(second) if second > now.as_second() => Timestamp::from_second(second).unwrap_or(now),
        _ => now,
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("config", &self.config).field("ring", &self.ring).finish_non_exhaustive()
    }
}
