use crate::support::{World, refusal};
use bridge_types::Clock;
use jiff::SignedDuration;
use std::time::Duration;
use tokio::task::yield_now;

/// Lets the background task's timer fire once; tokio's time is paused in these tests.
async fn let_purge() {
    tokio::time::advance(Duration::from_secs(61)).await;
    for _ in 0..10 {
        yield_now().await;
    }
}

#[tokio::test]
async fn an_assertion_ends_with_its_exp_and_the_leeway() {
    let world = World::new().await;
    let (first, second) = (world.assertion().sign(), world.assertion().sign());
    world.clock.advance(Duration::from_secs(55 + 29));
    world.present(&first).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(refusal(world.present(&second).await), ("invalid_client", "assertion_expired"));
}

#[tokio::test(start_paused = true)]
async fn ids_are_forgotten_once_their_assertion_is_dead() {
    let world = World::new().await;
    let assertion = world.assertion().sign();
    world.present(&assertion).await.unwrap();
    world.clock.advance(Duration::from_secs(85));
    let_purge().await;
    assert_eq!(world.store.remembered(), 1, "forgotten at the moment itself");
    world.clock.advance(Duration::from_secs(1));
    let_purge().await;
    assert_eq!(world.store.remembered(), 0);
    assert_eq!(refusal(world.present(&assertion).await), ("invalid_client", "assertion_expired"));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_clock_issues_tokens_and_still_refuses_replays() {
    let world = World::new().await;
    let assertion = world.assertion().sign();
    let first = world.present(&assertion).await.unwrap();
    let_purge().await;
    let second = world.present(&world.assertion().sign()).await.unwrap();
    assert_ne!(first.access_token.expose(), second.access_token.expose());
    assert_eq!(refusal(world.present(&assertion).await), ("invalid_client", "assertion_replayed"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_stepped_forward_and_back_opens_no_door_to_replays() {
    let world = World::new().await;
    let assertion = world.assertion().sign();
    world.present(&assertion).await.unwrap();
    world.clock.step(SignedDuration::from_hours(1));
    let_purge().await;
    world.clock.step(SignedDuration::from_hours(-1));
    assert_eq!(refusal(world.present(&assertion).await), ("invalid_client", "assertion_replayed"));
}

#[tokio::test]
async fn a_stepped_clock_decides_about_the_next_assertion() {
    let world = World::new().await;
    let before = world.assertion().sign();
    world.clock.step(SignedDuration::from_secs(-31));
    assert_eq!(refusal(world.present(&before).await), ("invalid_client", "assertion_issued_in_future"));
    world.clock.step(SignedDuration::from_hours(1));
    assert_eq!(refusal(world.present(&before).await), ("invalid_client", "assertion_expired"));
    let token = world.present(&world.assertion().sign()).await.unwrap();
    assert_eq!(token.expires_in.as_secs(), 300);
    assert_eq!(world.clock.monotonic(), Duration::ZERO);
}
