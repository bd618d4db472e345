//! Many requests at once, invented key ids, and issuers that are slow, wrong or dead.

use crate::support::{Answer, ISSUER, World, jwks_uri, settle};
use bridge_jose::{Algorithm, SigningKey, jwks_json};
use bridge_validator::Reason;
use bridge_validator::keys::KeyTiming;
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

/// The reasons of this many tokens with invented key ids, sent at once.
async fn flood(world: &World, tokens: usize) -> BTreeMap<Option<Reason>, usize> {
    let tokens = invented(world, tokens);
    let mut reasons = BTreeMap::new();
    for reason in join_all(tokens.iter().map(|token| world.refusal(token))).await {
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}

fn only(reason: Reason, tokens: usize) -> BTreeMap<Option<Reason>, usize> {
    BTreeMap::from([(Some(reason), tokens)])
}

#[tokio::test]
async fn a_thousand_first_callers_cause_one_fetch() {
    let world = World::new();
    let tokens: Vec<String> = (0..1000).map(|_| world.token().sign()).collect();
    let refused = join_all(tokens.iter().map(|token| world.refusal(token))).await;
    assert!(refused.iter().all(Option::is_none));
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn ten_thousand_invented_key_ids_cause_one_fetch_per_cooldown() {
    let world = World::new();
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    for round in 0..3 {
        for _ in 0..2 {
            assert_eq!(flood(&world, 5000).await, only(Reason::KeyUnknown, 5000));
        }
        assert_eq!(world.fetches(), 2 + round, "the first one, and one for each round");
        world.clock.advance(Duration::from_secs(30));
    }
}

/// What becomes of the key set after it was fetched once, and what invented key ids then get. Where nobody can tell whether
/// a key exists, the answer is to come back later; the keys that are held go on being used.
fn states_of_the_set(world: &World) -> [(&'static str, Answer, Reason); 6] {
    [
        ("present", Answer::body(world.issuer.jwks()), Reason::KeyUnknown),
        ("empty", Answer::body(r#"{"keys":[]}"#), Reason::KeyUnknown),
        ("answering 500", Answer::Status(500), Reason::KeysUnavailable),
        ("slow", Answer::Never, Reason::KeysUnavailable),
        ("huge", Answer::Huge, Reason::KeysUnavailable),
        ("garbage", Answer::body("<html>"), Reason::KeysUnavailable),
    ]
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_invented_key_ids_cause_one_fetch_per_cooldown_whatever_the_set_is_like() {
    let invented = invented(&World::new(), 10_000);
    for index in 0..6 {
        let world = World::new();
        let (state, answer, expected) = states_of_the_set(&world)[index].clone();
        assert_eq!(world.refusal(&world.token().sign()).await, None);
        world.network.answer(&jwks_uri(ISSUER), answer);
        for round in 0..3 {
            let attack = join_all(invented.iter().map(|token| world.refusal(token)));
            let valid = async {
                let started = tokio::time::Instant::now();
                let valid: Vec<String> = (0..20).map(|_| world.token().sign()).collect();
                let refused = join_all(valid.iter().map(|token| world.refusal(token))).await;
                (started.elapsed(), refused.into_iter().flatten().collect::<Vec<_>>())
            };
            let (refused, (waited, undisturbed)) = tokio::join!(attack, valid);
            assert_eq!(refused, vec![Some(expected); 10_000], "{state}");
            assert!(waited.is_zero(), "{state}: valid tokens waited {waited:?}");
            // An authentic empty set revokes every key from the moment at which it is read.
            let revoked = state == "empty" && round > 0;
            assert_eq!(undisturbed.len(), if revoked { 20 } else { 0 }, "{state}: {undisturbed:?}");
            tokio::time::sleep(Duration::from_secs(6)).await;
            assert!(world.fetches() <= 2 + round, "{state}: {} fetches after {round} cooldowns", world.fetches());
            world.clock.advance(Duration::from_secs(30));
        }
    }
}

/// Tokens under names that no key has. Nobody will look at their signatures, so they have none.
fn invented(world: &World, tokens: usize) -> Vec<String> {
    let token = world.token();
    (0..tokens).map(|index| token.clone().header("kid", format!("invented-{index}")).sign_by(|_| vec![1; 64])).collect()
}

/// The bound is the cooldown, and no number of invented ids moves it: whoever causes the next fetch, it brings all keys.
/// A larger allowance would not help, because invented ids would use that up as well.
#[tokio::test]
async fn invented_key_ids_delay_a_new_key_by_the_cooldown_at_most() {
    let mut world = World::new();
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    assert_eq!(flood(&world, 100).await, only(Reason::KeyUnknown, 100));
    let new = SigningKey::generate(Algorithm::Es256).unwrap();
    world.network.publish_keys(ISSUER, jwks_json([world.issuer.key.public(), new.public()]));
    let old = std::mem::replace(&mut world.issuer.key, new);
    let token = world.token().sign();
    for second in 0..30 {
        assert_eq!(flood(&world, 100).await, only(Reason::KeyUnknown, 100));
        assert_eq!(world.refusal(&token).await, Some(Reason::KeyUnknown), "second {second}");
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(flood(&world, 1).await, only(Reason::KeyUnknown, 1), "an invented one is first again");
    assert_eq!(world.refusal(&token).await, None, "and the new key has come with the fetch that it caused");
    world.issuer.key = old;
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn valid_requests_never_wait_for_invented_key_ids() {
    let world = World::new();
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    world.network.answer(&jwks_uri(ISSUER), Answer::Never);
    let flood = flood(&world, 1000);
    let valid = async {
        settle().await;
        for _ in 0..100 {
            assert_eq!(world.refusal(&world.token().sign()).await, None);
        }
    };
    // Whoever waits here waits for a document that never comes.
    tokio::select! {
        _ = flood => panic!("invented key ids were answered first"),
        () = valid => {}
    }
}

#[tokio::test]
async fn an_empty_set_is_asked_about_once_per_cooldown() {
    let world = World::new();
    world.network.publish_keys(ISSUER, r#"{"keys":[]}"#);
    assert_eq!(flood(&world, 1000).await, only(Reason::KeyUnknown, 1000));
    assert_eq!(world.fetches(), 1);
    assert_eq!(flood(&world, 1000).await, only(Reason::KeyUnknown, 1000));
    assert_eq!(flood(&world, 1000).await, only(Reason::KeyUnknown, 1000));
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_broken_issuer_is_asked_once_and_its_callers_are_told_to_come_back() {
    for answer in [Answer::Status(500), Answer::Huge, Answer::body("garbage"), Answer::body("{}")] {
        let world = World::new();
        world.network.answer(&jwks_uri(ISSUER), answer.clone());
        assert_eq!(flood(&world, 1000).await, only(Reason::KeysUnavailable, 1000), "{answer:?}");
        assert_eq!(flood(&world, 1000).await, only(Reason::KeysUnavailable, 1000), "{answer:?}");
        settle().await;
        assert_eq!(world.fetches(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn a_set_that_breaks_later_keeps_serving_the_keys_that_are_held() {
    for answer in [Answer::Status(500), Answer::body("garbage")] {
        let world = World::new();
        assert_eq!(world.refusal(&world.token().sign()).await, None);
        world.network.answer(&jwks_uri(ISSUER), answer);
        assert_eq!(flood(&world, 1000).await, only(Reason::KeysUnavailable, 1000), "nobody can tell");
        assert_eq!(world.fetches(), 2);
        assert_eq!(world.refusal(&world.token().sign()).await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_issuer_costs_each_caller_the_patience_once_and_the_next_nothing() {
    let world = World::new();
    world.network.answer(&jwks_uri(ISSUER), Answer::Never);
    let started = tokio::time::Instant::now();
    assert_eq!(flood(&world, 100).await, only(Reason::KeysUnavailable, 100));
    assert_eq!(started.elapsed().as_secs(), 5);

    // The flight gives up after ten seconds; from then on the issuer is known to be dead.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let started = tokio::time::Instant::now();
    assert_eq!(flood(&world, 100).await, only(Reason::KeysUnavailable, 100));
    assert_eq!(started.elapsed().as_millis(), 0, "nobody waits behind a known-dead issuer");
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(flood(&world, 100).await, only(Reason::KeysUnavailable, 100));
    assert_eq!(started.elapsed().as_millis(), 0, "not even for the attempt that this one started");
    settle().await;
    assert_eq!(world.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_id_that_nobody_could_look_up_in_time_is_not_called_unknown() {
    let world = World::new();
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    world.network.answer(&jwks_uri(ISSUER), Answer::Never);
    let started = tokio::time::Instant::now();
    assert_eq!(flood(&world, 100).await, only(Reason::KeysUnavailable, 100));
    assert_eq!(started.elapsed().as_secs(), 5, "while the flight is still on its way");
}

#[tokio::test]
async fn a_dead_issuer_is_asked_less_and_less_and_noticed_when_it_is_back() {
    let world = World::new();
    world.network.answer(&jwks_uri(ISSUER), Answer::Status(503));
    let mut asked = Vec::new();
    for _ in 0..240 {
        world.policies.refresh_due();
        settle().await;
        asked.push(world.fetches());
        world.clock.advance(Duration::from_millis(500));
    }
    assert_eq!(asked[0], 1);
    assert_eq!(asked[239], 9, "at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5 and 91.5 seconds: {asked:?}");
    let denial = world.denial(&world.token().sign()).await.unwrap();
    assert_eq!(denial.retry_after(), Some(Duration::from_secs(2)), "1.5, rounded up");

    world.network.publish(&world.issuer);
    world.clock.advance(Duration::from_millis(1500));
    assert_eq!(
        world.refusal(&world.token().sign()).await,
        Some(Reason::KeysUnavailable),
        "this one sends for the keys"
    );
    settle().await;
    assert_eq!(world.refusal(&world.token().sign()).await, None, "and this one finds them");
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_take_the_flight_along() {
    let world = World::new();
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).now_or_never(), None, "answered at once");
    settle().await;
    assert_eq!(world.fetches(), 1);
    assert_eq!(world.refusal(&token).await, None);
    assert_eq!(world.fetches(), 1);
}

#[test]
fn a_flight_that_dies_with_its_runtime_does_not_block_the_next_one() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = World::build(Algorithm::Es256, KeyTiming::default());
    let token = world.token().sign();
    let first = runtime();
    let hasty = first.block_on(async { world.refusal(&token).now_or_never() });
    assert_eq!(hasty, None, "answered at once");
    drop(first);
    world.clock.advance(Duration::from_secs(1));
    runtime().block_on(async {
        assert_eq!(world.refusal(&token).await, Some(Reason::KeysUnavailable));
        settle().await;
        assert_eq!(world.refusal(&token).await, None);
    });
}
