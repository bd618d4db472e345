use crate::assertion::VerifiedAssertion;
use crate::bounds::Bounds;
use crate::defect::{RequestDefect, ScopeDefect, TargetDefect};
use crate::discovery::Document;
use crate::error::{Outage, StartError, TokenError};
use crate::form::TokenForm;
use crate::record::Attempt;
use crate::replay::{AuthenticatedClient, ReplayGuard};
use crate::request::Asked;
use crate::{Clients, IssuerConfig, IssuerStore, KeyBackend, KeyPurpose, TokenRequest};
use arc_swap::ArcSwap;
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{PublicJwk, Typ, UnsignedToken};
use bridge_limits::PeerAddress;
use bridge_types::{AccessToken, Audience, Clock, ScopeSet, TokenId};
use std::sync::Arc;
use std::time::Duration;

/// The issuer of one company: authenticates its own clients and mints their access tokens.
///
/// Serve it over HTTP with [`Issuer::configure`], or call [`Issuer::token`] directly.
pub struct Issuer {
    config: IssuerConfig,
    clients: ArcSwap<Clients>,
    backend: Arc<dyn KeyBackend>,
    keys: Vec<PublicJwk>,
    signing: PublicJwk,
    replay: ReplayGuard,
    bounds: Bounds,
    clock: Arc<dyn Clock>,
    pub(crate) metadata: Document,
    pub(crate) jwks: Document,
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

/// What a client gets: scopes that are all registered for it at that audience.
struct Grant {
    client: AuthenticatedClient,
    audience: Audience,
    scope: ScopeSet,
}

impl Issuer {
    /// Reads the signing key, or makes it on the first start, and starts the task that keeps assertions single-use.
    ///
    /// # Errors
    /// [`StartError`] when there is no usable key. A key of another algorithm than the configured one is not replaced:
    /// that would be a rotation that no partner knows of.
    pub async fn start(
        config: IssuerConfig,
        store: Arc<dyn IssuerStore>,
        backend: Arc<dyn KeyBackend>,
        clients: Clients,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, StartError> {
        let mut keys = backend.keys(&KeyPurpose::AccessTokens).await?;
        if keys.is_empty() {
            keys.push(backend.create(config.algorithm(), &KeyPurpose::AccessTokens).await?);
        }
        let signing = signing_key(&config, &keys)?;
        Ok(Arc::new(Self {
            metadata: Document::metadata(config.url()),
            jwks: Document::keys(&keys),
            clients: ArcSwap::from_pointee(clients),
            replay: ReplayGuard::start(store, Arc::clone(&clock)),
            bounds: Bounds::new(config.limits(), &clock),
            config,
            backend,
            keys,
            signing,
            clock,
        }))
    }

    /// What it is called and what its tokens are like.
    pub fn config(&self) -> &IssuerConfig {
        &self.config
    }

    /// The public keys that it publishes, oldest first.
    pub fn public_keys(&self) -> &[PublicJwk] {
        &self.keys
    }

    /// The registered clients as they are now.
    pub fn clients(&self) -> Arc<Clients> {
        self.clients.load_full()
    }

    /// Puts a new table of clients in the place of the old one. Requests that already run keep the one they began with;
    /// tokens that are out stay valid until they expire.
    pub fn replace_clients(&self, clients: Clients) {
        self.clients.store(Arc::new(clients));
    }

    /// Answers one token request (RFC 6749 §4.4), writes its line in the log and counts it.
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
        attempt.record(self.config.url(), &*self.clock, outcome.as_ref());
        outcome
    }

    /// Logs and counts a request that HTTP already found wanting.
    pub(crate) fn refuse(&self, defect: RequestDefect, peer: PeerAddress) -> TokenError {
        let attempt = Attempt::begin(&*self.clock);
        let refusal = self.bounds.refuse(defect.into(), peer);
        attempt.record(self.config.url(), &*self.clock, Err(&refusal));
        refusal
    }

    /// Takes no more token requests, lets those that run end, and ends the background task. The rest keeps answering.
    pub async fn stop(&self) {
        self.replay.stop().await;
    }

    async fn issue(&self, request: TokenRequest<'_>, attempt: &mut Attempt) -> Result<IssuedToken, TokenError> {
        let form = TokenForm::parse(request.form)?;
        attempt.asks_for(form.resource.as_deref(), form.scope.as_deref());
        let asked = Asked::read(&form, request.authorization_header)?;
        let assertion = self.check_assertion(&asked, attempt)?;
        let client = self.bounds.admit(self.replay.claim(assertion).await?)?;
        let grant = Grant::of(client, asked)?;
        let token = self.mint(grant).await?;
        attempt.kid = Some(self.signing.kid().clone());
        Ok(token)
    }

    fn check_assertion(&self, asked: &Asked<'_>, attempt: &mut Attempt) -> Result<VerifiedAssertion, TokenError> {
        let clients = self.clients.load();
        Ok(VerifiedAssertion::check(asked, &clients, self.config.url(), self.clock.now(), attempt)?)
    }

    /// Makes an access token (RFC 9068 §2).
    async fn mint(&self, grant: Grant) -> Result<IssuedToken, TokenError> {
        let now = self.clock.now();
        let client_id = grant.client.client().id();
        let claims = AccessTokenClaims {
            iss: self.config.url().clone(),
            sub: client_id.clone(),
            client_id: client_id.clone(),
            aud: grant.audience,
            scope: grant.scope,
            iat: now.into(),
            exp: now.checked_add(self.config.lifetime()).map_err(|_| Outage::Token)?.into(),
            nbf: None,
            jti: TokenId::random(),
            cnf: None,
            status: None,
        };
        let (algorithm, kid) = (self.signing.algorithm(), self.signing.kid());
        let unsigned = UnsignedToken::new(Typ::AccessToken, algorithm, kid, &claims).map_err(|_| Outage::Token)?;
        let signature = self.backend.sign(kid, unsigned.signing_input()).await.map_err(Outage::Keys)?;
        let access_token = AccessToken::new(unsigned.finish(&signature));
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

/// The newest key of the configured algorithm.
fn signing_key(config: &IssuerConfig, keys: &[PublicJwk]) -> Result<PublicJwk, StartError> {
    let configured = config.algorithm();
    let newest = keys.iter().rfind(|key| key.algorithm() == configured);
    let found = keys.last().map_or(configured, PublicJwk::algorithm);
    newest.cloned().ok_or(StartError::Algorithm { configured, found })
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("config", &self.config).field("keys", &self.keys).finish_non_exhaustive()
    }
}
