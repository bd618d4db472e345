//! The place of each token in a status list, and the lists themselves.

use crate::support::{AUDIENCE, CLIENT, ISSUER, JWT_BEARER, World, encode, header, refusal};
use actix_web::dev::ServiceResponse;
use actix_web::{App, test};
use bridge_issuer::{IssuedToken, Issuer, Rate, TokenLimits, TokenRequest};
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{StatusList, StatusListClaims, Typ, UnverifiedToken, VerificationKey};
use bridge_limits::PeerAddress;
use bridge_testkit::Forge;
use bridge_types::Clock;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// An issuer that lets its clients get tokens as fast as they like.
async fn busy() -> World {
    let plenty = Rate::per_second(60_000);
    World::limited(TokenLimits { tokens_per_client: plenty, refusals_per_address: plenty, ..TokenLimits::default() })
        .await
}

/// The claims of a token, once its signature was checked.
fn claims(world: &World, token: &IssuedToken) -> AccessTokenClaims {
    let key = VerificationKey::try_from(&world.signing()).unwrap();
    UnverifiedToken::parse(token.access_token.expose()).unwrap().verify(&key).unwrap().claims().unwrap()
}

async fn issue(world: &World) -> AccessTokenClaims {
    let token = world.present(&world.assertion().sign()).await.unwrap();
    claims(world, &token)
}

async fn issue_index(world: &World) -> u64 {
    issue(world).await.status.unwrap().status_list.idx
}

async fn get(issuer: &std::sync::Arc<Issuer>, path: &str) -> ServiceResponse {
    let app = test::init_service(App::new().configure(|config| issuer.configure(config))).await;
    test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await
}

/// The claims of the first list, as a partner reads them.
async fn list(world: &World) -> StatusListClaims {
    let body = test::read_body(get(&world.issuer, "/status-lists/1").await).await;
    let token = UnverifiedToken::parse_up_to(std::str::from_utf8(&body).unwrap(), 1 << 20).unwrap();
    assert!(token.header().is(Typ::StatusList));
    let key = VerificationKey::try_from(&world.signing()).unwrap();
    token.verify(&key).unwrap().claims().unwrap()
}

async fn is_revoked(world: &World, idx: u64) -> Option<bool> {
    StatusList::open(&list(world).await.status_list, 1 << 17).unwrap().is_set(idx)
}

/// Waits for something that happens in the background.
async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never came about: {what}");
}

#[tokio::test]
async fn every_token_has_an_index_of_its_own_in_a_block_of_its_client() {
    let world = busy().await;
    let [(first, 1024)] = world.status.kept.blocks_of(CLIENT)[..] else {
        panic!("one block was ready before any token")
    };
    let writes = world.status.reservations.load(Ordering::SeqCst);
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let status = issue(&world).await.status.unwrap().status_list;
        assert_eq!(status.uri.as_str(), format!("{ISSUER}/status-lists/1"));
        assert!((u64::from(first)..u64::from(first) + 1024).contains(&status.idx), "{}", status.idx);
        assert!(seen.insert(status.idx), "{} was handed out twice", status.idx);
    }
    assert!(!seen.iter().copied().eq(u64::from(first)..u64::from(first) + 100), "in order of issue");
    assert_eq!(world.status.reservations.load(Ordering::SeqCst), writes, "issuing wrote something");
}

#[tokio::test]
async fn the_next_block_is_there_before_the_first_is_used_up() {
    let world = busy().await;
    let mut seen = BTreeSet::new();
    for _ in 0..513 {
        seen.insert(issue_index(&world).await);
    }
    eventually("a second block", async || world.status.kept.blocks_of(CLIENT).len() == 2).await;
    // Even a store that answers no more makes no token wait for an index now.
    world.status.hold();
    for _ in 513..1500 {
        seen.insert(issue_index(&world).await);
    }
    assert_eq!(seen.len(), 1500);
    world.status.release();
    let [_, (_, size), ..] = world.status.kept.blocks_of(CLIENT)[..] else { unreachable!() };
    assert_eq!(size, 4096, "a client that uses a block up within seconds gets a larger one");
}

#[tokio::test]
async fn a_restart_and_a_replica_never_hand_an_index_out_again() {
    let mut world = busy().await;
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    for _ in 0..3 {
        let replica = world.replica().await;
        for _ in 0..20 {
            assert!(seen.insert(issue_index(&world).await));
            let form = request(&world);
            let token = replica.token(TokenRequest {
                form: form.as_bytes(),
                authorization_header: false,
                peer: PeerAddress::UNKNOWN,
            });
            let token = token.await.unwrap();
            assert!(seen.insert(claims(&world, &token).status.unwrap().status_list.idx));
        }
        world.restart().await;
    }
    assert_eq!(seen.len(), 120);
}

fn request(world: &World) -> String {
    encode(&crate::support::good_form(&world.assertion().sign()))
}

#[tokio::test]
async fn a_client_that_is_new_waits_for_its_first_block_and_for_nothing_after_it() {
    let world = World::new().await;
    let mut clients: Vec<_> = world.issuer.clients().iter().map(|client| (**client).clone()).collect();
    let key = bridge_jose::SigningKey::generate(bridge_jose::Algorithm::Es256).unwrap();
    clients.push(crate::support::client("new", &[&key], &[("orders:read", AUDIENCE)]));
    world.issuer.replace_clients(bridge_issuer::Clients::new(clients).unwrap());
    eventually("a block for the new client", async || world.status.kept.blocks_of("new").len() == 1).await;
}

#[tokio::test]
async fn without_indices_there_is_no_token_and_the_store_is_named() {
    let world = World::new().await;
    world.clock.advance(Duration::from_mins(16));
    world.status.failing.store(true, Ordering::SeqCst);
    assert_eq!(refusal(world.present(&world.assertion().sign()).await), ("temporarily_unavailable", "store_failed"));
    world.status.failing.store(false, Ordering::SeqCst);
    issue(&world).await;
}

#[tokio::test]
async fn after_all_tokens_of_a_client_were_revoked_the_next_one_is_later_and_in_another_block() {
    let world = World::new().await;
    let before = issue(&world).await;
    let second = world.clock.now().as_second();
    assert_eq!(before.iat.as_second(), second);
    world.status.revoke_client(CLIENT, second);
    eventually("a new block", async || world.status.kept.blocks_of(CLIENT).len() == 2).await;
    let after = issue(&world).await;
    assert_eq!(after.iat.as_second(), second + 1, "the cut-off must not cover it");
    assert_eq!(after.exp.as_second() - after.iat.as_second(), 300);
    let (first, size) = world.status.kept.blocks_of(CLIENT)[1];
    assert!((u64::from(first)..u64::from(first + size)).contains(&after.status.unwrap().status_list.idx));
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(issue(&world).await.iat.as_second(), second + 5);
}

#[tokio::test]
async fn a_disabled_client_gets_no_token_until_it_is_enabled() {
    let world = World::new().await;
    world.status.enable(CLIENT, false);
    let refused = async || world.present(&world.assertion().sign()).await.is_err();
    eventually("a refusal", refused).await;
    let outcome = world.present(&world.assertion().sign()).await;
    assert_eq!(outcome.as_ref().unwrap_err().answer().0.as_u16(), 400);
    assert_eq!(refusal(outcome), ("unauthorized_client", "client_disabled"));
    assert!(world.replica().await.clients().find(CLIENT).is_some());
    let other = Forge::assertion(&world.other_key, "shop", ISSUER, world.clock.now()).sign();
    let form = [("scope", "orders:read"), ("resource", AUDIENCE), ("client_assertion", &other)];
    let rest = [("grant_type", "client_credentials"), ("client_assertion_type", JWT_BEARER)];
    world.ask(&[&form[..], &rest[..]].concat()).await.unwrap();
    world.status.enable(CLIENT, true);
    eventually("a token", async || world.present(&world.assertion().sign()).await.is_ok()).await;
}

#[tokio::test]
async fn a_disabled_client_stays_disabled_over_a_restart() {
    let mut world = World::new().await;
    world.status.enable(CLIENT, false);
    world.restart().await;
    assert_eq!(refusal(world.present(&world.assertion().sign()).await), ("unauthorized_client", "client_disabled"));
}

#[actix_web::test]
async fn the_lists_are_there_from_the_start_signed_and_dated() {
    let world = World::new().await;
    let answer = get(&world.issuer, "/status-lists").await;
    assert_eq!(header(&answer, "content-type"), "application/json");
    let lists: Value = test::read_body_json(answer).await;
    assert_eq!(lists, json!({ "status_lists": [format!("{ISSUER}/status-lists/1")] }));
    let answer = get(&world.issuer, "/status-lists/1").await;
    assert_eq!(header(&answer, "content-type"), "application/statuslist+jwt");
    assert_eq!(header(&answer, "cache-control"), "public, max-age=1");
    let etag = header(&answer, "etag").to_owned();
    let list = list(&world).await;
    let now = world.clock.now().as_second();
    assert_eq!(list.iss.unwrap().as_str(), ISSUER);
    assert_eq!(list.sub.as_str(), format!("{ISSUER}/status-lists/1"));
    assert_eq!((list.iat.as_second(), list.exp.unwrap().as_second()), (now, now + 1200));
    assert_eq!(list.ttl.unwrap().get(), 30);
    assert_eq!(StatusList::open(&list.status_list, 1 << 17).unwrap().len(), 1 << 20);
    let app = test::init_service(App::new().configure(|config| world.issuer.configure(config))).await;
    let again = test::TestRequest::get().uri("/status-lists/1").insert_header(("if-none-match", etag));
    assert_eq!(test::call_service(&app, again.to_request()).await.status(), 304);
    for path in ["/status-lists/2", "/status-lists/x", "/status-lists/-1", "/status-lists/1/", "/status-lists/"] {
        assert_eq!(get(&world.issuer, path).await.status(), 404, "{path}");
    }
}

#[actix_web::test]
async fn a_list_says_what_was_revoked_also_after_a_restart() {
    let mut world = World::new().await;
    let (revoked, valid) = (world.present(&world.assertion().sign()).await.unwrap(), issue_index(&world).await);
    let idx = claims(&world, &revoked).status.unwrap().status_list.idx;
    assert_eq!((is_revoked(&world, idx).await, is_revoked(&world, valid).await), (Some(false), Some(false)));
    crate::revocation::revoke(&world, revoked.access_token.expose()).await.unwrap();
    eventually("the bit", async || is_revoked(&world, idx).await == Some(true)).await;
    assert_eq!(is_revoked(&world, valid).await, Some(false));
    world.restart().await;
    assert_eq!(is_revoked(&world, idx).await, Some(true));
    assert_eq!(is_revoked(&world, valid).await, Some(false));
}

#[actix_web::test]
async fn a_store_that_fails_leaves_the_last_lists_with_their_dates() {
    let world = World::new().await;
    let before = list(&world).await;
    world.status.failing.store(true, Ordering::SeqCst);
    world.clock.advance(Duration::from_mins(1));
    world.status.kept.touch_lists();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(list(&world).await, before, "an iat that nobody can vouch for");
    world.status.failing.store(false, Ordering::SeqCst);
    eventually("a new list", async || list(&world).await.iat > before.iat).await;
}
