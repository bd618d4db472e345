//! Every case of the corpus against Bridge's own token endpoint.

use crate::{answer::answer, settings};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use actix_web::{App, test};
use async_trait::async_trait;
use bridge_issuer::{
    AccessList, Claims, Client, Clients, EmbeddedKeys, Issuer, IssuerConfig, IssuerStore, IssuerStores, KeyRing,
    KeysInMemory, Rate, Revisions, StoreFailure, TokenLimits, UsedAssertion,
};
use bridge_jose::{Algorithm, KeySet};
use bridge_testkit::ManualClock;
use bridge_testkit::attacks::token_endpoint::{self, TokenRequest};
use bridge_testkit::attacks::{Face, Strictness, World};
use bridge_types::{ClientId, Clock, TokenId};
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// A store in memory.
#[derive(Default)]
struct Memory(Mutex<HashSet<(ClientId, TokenId)>>);

#[async_trait]
impl IssuerStore for Memory {
    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Claims, StoreFailure> {
        let mut used = self.0.lock().unwrap();
        let new = batch.iter().map(|one| used.insert((one.client.clone(), one.id.clone()))).collect();
        Ok(Claims { new, revisions: Revisions::default() })
    }

    async fn purge_assertions(&self, _: Timestamp) -> Result<u64, StoreFailure> {
        Ok(0)
    }
}

pub(crate) async fn issuer(world: &World, clock: &Arc<ManualClock>) -> Arc<Issuer> {
    let policy = &world.policy;
    let client = |id: &str, jwks: String| {
        let (keys, ignored) = KeySet::parse(jwks.as_bytes()).unwrap();
        assert!(ignored.is_empty(), "{ignored:?}");
        let access = (policy.audience.parse().unwrap(), policy.scopes.join(" ").parse().unwrap());
        Client::new(id.parse().unwrap(), keys, AccessList::new([access]).unwrap())
    };
    let other = policy.limited_client.as_deref().unwrap();
    let clients = Clients::new([client(&policy.client, world.jwks()), client(other, world.foreign_jwks())]).unwrap();
    let config = IssuerConfig::new(policy.issuer.parse().unwrap(), Algorithm::Es256, IssuerConfig::DEFAULT_LIFETIME);
    // The corpus is fired in one moment, and the limits would answer most of it.
    let most = Rate::per_second(1_000_000);
    let limits = TokenLimits { tokens_per_client: most, refusals_per_address: most, ..TokenLimits::default() };
    let ring = KeyRing::open(Arc::new(KeysInMemory::default()), Arc::new(EmbeddedKeys::default()), clock.clone());
    let (store, ring) = (Arc::new(Memory::default()), ring.await.unwrap());
    let (config, stores) = (config.unwrap().with_limits(limits), IssuerStores::with_status_in_memory(store));
    Issuer::start(config, stores, ring, clients, clock.clone()).await.unwrap()
}

fn call(request: &TokenRequest) -> TestRequest {
    let query = request.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let method = Method::from_bytes(request.method.as_bytes()).unwrap();
    let mut call = TestRequest::default().method(method).uri(&format!("/token{query}"));
    for (name, value) in &request.headers {
        call = call.append_header((name.as_str(), value.as_str()));
    }
    call.set_payload(request.body.clone())
}

#[actix_web::test]
async fn every_case_is_answered_as_the_corpus_says() {
    let world = settings::world(Face::TokenEndpoint, settings::token_endpoint());
    let clock = Arc::new(ManualClock::default());
    let issuer = issuer(&world, &clock).await;
    let app = test::init_service(App::new().configure(|config| issuer.configure(config))).await;
    let mut wrong = Vec::new();
    for case in Algorithm::ALL.into_iter().flat_map(|algorithm| token_endpoint::cases(&world.policy, algorithm)) {
        let mut requests = case.forge(&world, clock.now());
        let last = requests.pop().unwrap();
        for request in requests {
            let status = test::call_service(&app, call(&request).to_request()).await.status();
            assert_eq!(status, 200, "{}: a request before the last", case.id());
        }
        let answer = answer(test::call_service(&app, call(&last).to_request()).await).await;
        let faults = token_endpoint::judge(&case, &last, &answer, Strictness::Bridge);
        wrong.extend(faults.iter().map(|fault| format!("{}: {fault}  ({})", case.id(), case.title())));
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}
