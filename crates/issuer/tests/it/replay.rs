use crate::support::{World, refusal};
use bridge_issuer::TokenLimits;
use bridge_limits::Rate;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::task::{JoinSet, yield_now};

#[tokio::test]
async fn an_assertion_works_once_also_over_a_restart() {
    let mut world = World::new().await;
    let assertion = world.assertion().sign();
    world.present(&assertion).await.unwrap();
    assert_eq!(refusal(world.present(&assertion).await), ("invalid_client", "assertion_replayed"));
    world.restart().await;
    assert_eq!(refusal(world.present(&assertion).await), ("invalid_client", "assertion_replayed"));
}

#[tokio::test]
async fn a_replay_in_the_same_process_costs_no_write() {
    let world = World::new().await;
    let assertion = world.assertion().sign();
    world.present(&assertion).await.unwrap();
    for _ in 0..10 {
        world.present(&assertion).await.unwrap_err();
    }
    assert_eq!(world.store.writes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_requests_with_one_assertion_exactly_one_succeeds() {
    let world = Arc::new(World::new().await);
    let assertion: Arc<str> = world.assertion().sign().into();
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let (world, assertion) = (Arc::clone(&world), Arc::clone(&assertion));
        requests.spawn(async move { world.present(&assertion).await.map_err(|error| error.detail()) });
    }
    let outcomes = requests.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(|detail| *detail == "assertion_replayed"));
}

#[tokio::test]
async fn one_write_serves_many_requests_and_none_is_answered_before_it() {
    let world = Arc::new(World::new().await);
    world.store.hold();
    let mut requests = spawn_requests(&world, 200);
    while world.store.writes() == 0 {
        yield_now().await;
    }
    for _ in 0..1000 {
        yield_now().await;
    }
    assert!(requests.try_join_next().is_none(), "answered before its write was durable");
    assert_eq!(world.store.remembered(), 0);
    world.store.release();
    let outcomes = requests.join_all().await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(world.store.remembered(), 200);
    assert!(world.store.writes() <= 3, "{} writes", world.store.writes());
}

#[tokio::test]
async fn a_failed_write_gives_no_token_and_uses_nothing_up() {
    let world = Arc::new(World::new().await);
    let assertion = world.assertion().sign();
    world.store.failing.store(true, Ordering::SeqCst);
    world.store.hold();
    let requests = spawn_requests(&world, 50);
    yield_now().await;
    world.store.release();
    for outcome in requests.join_all().await {
        assert_eq!(outcome.unwrap_err(), (503, "temporarily_unavailable", "store_failed"));
    }
    let error = world.present(&assertion).await.unwrap_err();
    assert!(error.to_string().contains("disk full") && !error.description().contains("disk"), "{error}");
    world.store.failing.store(false, Ordering::SeqCst);
    world.present(&assertion).await.expect("the assertion may be used again");
}

#[tokio::test]
async fn more_requests_than_may_wait_are_told_to_come_back() {
    let limits = TokenLimits { tokens_per_client: Rate::per_second(1_000_000), ..TokenLimits::default() };
    let world = Arc::new(World::limited(limits).await);
    world.store.hold();
    let requests = spawn_requests(&world, 1500);
    while world.store.writes() == 0 {
        yield_now().await;
    }
    for _ in 0..3000 {
        yield_now().await;
    }
    world.store.release();
    let outcomes = requests.join_all().await;
    let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!((1..500).contains(&refused.len()), "{} refused", refused.len());
    assert!(refused.iter().all(|error| **error == (503, "temporarily_unavailable", "overloaded")));
    assert_eq!(world.store.remembered(), 1500 - refused.len());
}

#[tokio::test]
async fn stopping_answers_those_who_wait_and_nobody_else() {
    let world = Arc::new(World::new().await);
    world.store.hold();
    let under_way = spawn_requests(&world, 1);
    while world.store.writes() == 0 {
        yield_now().await;
    }
    let waiting = spawn_requests(&world, 20);
    yield_now().await;
    let stop = tokio::spawn({
        let issuer = Arc::clone(&world.issuer);
        async move { issuer.stop().await }
    });
    yield_now().await;
    assert!(!stop.is_finished(), "stopped with a write under way");
    world.store.release();
    stop.await.unwrap();
    assert!(under_way.join_all().await.iter().all(Result::is_ok));
    assert!(waiting.join_all().await.iter().all(Result::is_ok));
    assert_eq!(refusal(world.present(&world.assertion().sign()).await), ("temporarily_unavailable", "stopping"));
    world.issuer.stop().await;
}

type Outcome = Result<(), (u16, &'static str, &'static str)>;

/// Requests with an assertion of their own each.
fn spawn_requests(world: &Arc<World>, count: usize) -> JoinSet<Outcome> {
    let mut requests = JoinSet::new();
    for _ in 0..count {
        let world = Arc::clone(world);
        requests.spawn(async move {
            let outcome = world.present(&world.assertion().sign()).await;
            outcome.map(drop).map_err(|error| (error.answer().0.as_u16(), error.code(), error.detail()))
        });
    }
    requests
}
