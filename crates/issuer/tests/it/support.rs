//! A company's issuer with two clients, a store in memory and a clock that is moved by hand.

use crate::fake_status::FakeStatus;
use actix_web::dev::ServiceResponse;
use async_trait::async_trait;
use bridge_issuer::{
    AccessList, Change, ChangeError, Claims, Client, Clients, EmbeddedKeys, IssuedToken, Issuer, IssuerConfig,
    IssuerStore, IssuerStores, KeyRecord, KeyRing, KeyStore, KeysInMemory, LiveKeys, Revisions, StoreFailure,
    TokenError, TokenLimits, TokenRequest, UsedAssertion,
};
use bridge_jose::{Algorithm, KeySet, PublicJwk, SigningKey};
use bridge_limits::PeerAddress;
use bridge_testkit::{Forge, ManualClock};
use bridge_types::{ClientId, Clock, TokenId};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

pub(crate) const ISSUER: &str = "https://issuer.company-a.example:8441";
pub(crate) const AUDIENCE: &str = "https://api.company-b.example:8452";
pub(crate) const CLIENT: &str = "order-service";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An issuer under test and everything it was given.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<FakeStore>,
    pub(crate) status: Arc<FakeStatus>,
    pub(crate) issuer: Arc<Issuer>,
    /// The key of `order-service`.
    pub(crate) key: SigningKey,
    /// The key of `shop`, the other client.
    pub(crate) other_key: SigningKey,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::limited(TokenLimits::default()).await
    }

    pub(crate) async fn limited(limits: TokenLimits) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let other_key = SigningKey::generate(Algorithm::Es256).unwrap();
        let (clock, store) = (Arc::new(ManualClock::default()), Arc::new(FakeStore::default()));
        let status = Arc::clone(&store.status);
        let clients =
            Clients::new([order_service(&[&key]), client("shop", &[&other_key], &[("orders:read", AUDIENCE)])]);
        let issuer = start_limited(&store, &clock, clients.unwrap(), limits).await;
        Self { clock, store, status, issuer, key, other_key }
    }

    /// The same company after a restart: another issuer over the same store.
    pub(crate) async fn restart(&mut self) {
        self.issuer.stop().await;
        self.issuer = self.replica().await;
    }

    /// A second issuer of the same company, over the same stores.
    pub(crate) async fn replica(&self) -> Arc<Issuer> {
        start(&self.store, &self.clock, Clients::clone(&self.issuer.clients())).await
    }

    /// The key that signs access tokens now.
    pub(crate) fn signing(&self) -> PublicJwk {
        self.issuer.ring().snapshot().signing().unwrap().clone()
    }

    /// A good assertion, to be spoilt.
    pub(crate) fn assertion(&self) -> Forge {
        Forge::assertion(&self.key, CLIENT, ISSUER, self.clock.now())
    }

    /// Asks for a token with this assertion; the rest of the request is good.
    pub(crate) async fn present(&self, assertion: &str) -> Result<IssuedToken, TokenError> {
        self.ask(&good_form(assertion)).await
    }

    pub(crate) async fn ask(&self, form: &[(&str, &str)]) -> Result<IssuedToken, TokenError> {
        let form = encode(form);
        self.issuer
            .token(TokenRequest { form: form.as_bytes(), authorization_header: false, peer: PeerAddress::UNKNOWN })
            .await
    }
}

pub(crate) async fn start(store: &Arc<FakeStore>, clock: &Arc<ManualClock>, clients: Clients) -> Arc<Issuer> {
    start_limited(store, clock, clients, TokenLimits::default()).await
}

async fn start_limited(
    store: &Arc<FakeStore>,
    clock: &Arc<ManualClock>,
    clients: Clients,
    limits: TokenLimits,
) -> Arc<Issuer> {
    let config = IssuerConfig::new(ISSUER.parse().unwrap(), Algorithm::Es256, IssuerConfig::DEFAULT_LIFETIME).unwrap();
    let config = config.with_limits(limits);
    Issuer::start(config, stores(store), ring(store, clock).await, clients, clock.clone()).await.unwrap()
}

pub(crate) fn stores(store: &Arc<FakeStore>) -> IssuerStores {
    IssuerStores { issuer: store.clone(), status: store.status.clone(), revoker: store.status.clone() }
}

pub(crate) async fn ring(store: &Arc<FakeStore>, clock: &Arc<ManualClock>) -> Arc<KeyRing> {
    KeyRing::open(store.clone(), Arc::new(EmbeddedKeys::default()), clock.clone()).await.unwrap()
}

pub(crate) fn order_service(keys: &[&SigningKey]) -> Client {
    let access = [("shipments:read shipments:write", AUDIENCE), ("orders:read", "https://api.company-a.example:8442")];
    client(CLIENT, keys, &access)
}

pub(crate) fn client(id: &str, keys: &[&SigningKey], access: &[(&str, &str)]) -> Client {
    let access = access.iter().map(|(scopes, audience)| (audience.parse().unwrap(), scopes.parse().unwrap()));
    let keys = KeySet::from_jwks(keys.iter().map(|key| key.public())).unwrap();
    Client::new(id.parse().unwrap(), keys, AccessList::new(access).unwrap())
}

/// A token request that succeeds when its assertion does.
pub(crate) fn good_form(assertion: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
        ("resource", AUDIENCE),
        ("scope", "shipments:read"),
    ]
}

pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// A header of an answer; empty when it is not there.
pub(crate) fn header<'a>(answer: &'a ServiceResponse, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// RFC error code and the log's detail of a refusal; panics on a token.
pub(crate) fn refusal(outcome: Result<IssuedToken, TokenError>) -> (&'static str, &'static str) {
    let error = outcome.expect_err("a token was issued");
    (error.code(), error.detail())
}

/// A store in memory that counts its writes, and that can be made to fail or to take its time.
pub(crate) struct FakeStore {
    keys: KeysInMemory,
    pub(crate) status: Arc<FakeStatus>,
    used: Mutex<HashMap<(ClientId, TokenId), Timestamp>>,
    pub(crate) writes: AtomicUsize,
    pub(crate) failing: AtomicBool,
    /// How many more changes of keys there will be.
    changes_left: AtomicUsize,
    open: watch::Sender<bool>,
}

impl Default for FakeStore {
    fn default() -> Self {
        let (open, _) = watch::channel(true);
        Self {
            keys: KeysInMemory::default(),
            status: Arc::default(),
            used: Mutex::default(),
            writes: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            changes_left: AtomicUsize::new(usize::MAX),
            open,
        }
    }
}

impl FakeStore {
    /// Makes every write wait until [`Self::release`].
    pub(crate) fn hold(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.open.send_replace(true);
    }

    /// After so many changes of keys nothing works any more, as for a process that is killed.
    pub(crate) fn die_after(&self, changes: usize) {
        self.changes_left.store(changes, Ordering::SeqCst);
    }

    pub(crate) fn revive(&self) {
        self.die_after(usize::MAX);
    }

    pub(crate) fn remembered(&self) -> usize {
        self.used.lock().unwrap().len()
    }

    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    fn answer(&self) -> Result<(), StoreFailure> {
        if self.failing.load(Ordering::SeqCst) { Err(StoreFailure("disk full".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl IssuerStore for FakeStore {
    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Claims, StoreFailure> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        self.answer()?;
        let revisions =
            Revisions { keys: self.keys.keys_revision().await?, clients: self.status.kept.clients_revision() };
        let mut used = self.used.lock().unwrap();
        let mut claim = |one: &UsedAssertion| used.insert((one.client.clone(), one.id.clone()), one.remember_until);
        Ok(Claims { new: batch.iter().map(|one| claim(one).is_none()).collect(), revisions })
    }

    async fn purge_assertions(&self, before: Timestamp) -> Result<u64, StoreFailure> {
        self.answer()?;
        self.used.lock().unwrap().retain(|_, remember_until| *remember_until >= before);
        Ok(0)
    }
}

#[async_trait]
impl KeyStore for FakeStore {
    async fn live_keys(&self) -> Result<LiveKeys, StoreFailure> {
        self.answer()?;
        self.keys.live_keys().await
    }

    async fn all_keys(&self) -> Result<Vec<KeyRecord>, StoreFailure> {
        self.answer()?;
        self.keys.all_keys().await
    }

    async fn keys_revision(&self) -> Result<i64, StoreFailure> {
        self.answer()?;
        self.keys.keys_revision().await
    }

    async fn change_keys(&self, change: Change) -> Result<(), ChangeError> {
        self.answer()?;
        let alive = |left: usize| left.checked_sub(1);
        self.changes_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, alive)
            .map_err(|_| StoreFailure("killed".into()))?;
        self.keys.change_keys(change).await
    }
}
