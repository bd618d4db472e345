//! Before anything is known of an issuer.

use super::{Listed, announcement, uri};
use crate::support::{Answer, ISSUER, jwks_uri};
use bridge_validator::Reason;
use std::time::Duration;

#[tokio::test]
async fn who_waits_for_the_first_keys_gets_the_lists_with_them() {
    let listed = Listed::new();
    listed.publish(1, &[9]);
    assert_eq!(listed.refusal(7).await, None);
    assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
    assert_eq!((listed.fetches(1), listed.world.network.asked(&announcement())), (1, 1));
}

#[tokio::test]
async fn a_crowd_at_a_cold_start_causes_one_fetch_of_each_document() {
    let listed = Listed::new();
    let tokens: Vec<String> = (0..100).map(|idx| listed.token(idx).sign()).collect();
    let refusals = futures_util::future::join_all(tokens.iter().map(|token| listed.world.refusal(token))).await;
    assert!(refusals.iter().all(Option::is_none), "{refusals:?}");
    assert_eq!((listed.world.fetches(), listed.fetches(1), listed.world.network.asked(&announcement())), (1, 1, 1));
}

#[tokio::test]
async fn a_list_server_that_never_answers_holds_the_first_keys_up_for_two_seconds() {
    let listed = Listed::new();
    listed.world.network.answer(&uri(1), Answer::Never);
    let started = tokio::time::Instant::now();
    let denial = listed.world.denial(&listed.token(7).sign()).await.unwrap();
    assert_eq!(denial.reason(), Reason::StatusUnavailable);
    assert!((2..4).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    let started = tokio::time::Instant::now();
    assert_eq!(listed.refusal(7).await, Some(Reason::StatusUnavailable));
    assert!(started.elapsed() < Duration::from_secs(1), "nobody waits for a list");
    assert_eq!(listed.fetches(1), 1);
}

#[tokio::test]
async fn a_list_that_nobody_announced_is_fetched_behind_the_back_of_the_request() {
    let listed = Listed::acquainted().await;
    listed.publish(2, &[9]);
    let token = listed.token_in(2, 7).sign();
    let denial = listed.world.denial(&token).await.unwrap();
    assert_eq!((denial.reason(), denial.retry_after()), (Reason::StatusUnavailable, Some(Duration::from_secs(1))));
    listed.settle().await;
    assert_eq!(listed.world.refusal(&token).await, None);
    assert_eq!(listed.world.refusal(&listed.token_in(2, 9).sign()).await, Some(Reason::TokenRevoked));
    assert_eq!(listed.fetches(2), 1);
}

#[tokio::test]
async fn pinned_keys_can_have_lists_too() {
    let listed = Listed::new();
    std::fs::write(listed.world.directory.path().join("keys.json"), listed.world.issuer.jwks()).unwrap();
    listed.world.edit(|policy| {
        format!("keys = {{ jwks_file = \"keys.json\" }}\nstatus_list_hosts = [\"issuer.company-a.example\"]\n{policy}")
    });
    let token = listed.token(7).sign();
    assert_eq!(listed.world.refusal(&token).await, Some(Reason::StatusUnavailable));
    listed.settle().await;
    assert_eq!(listed.world.refusal(&token).await, None);
    assert_eq!(listed.world.network.asked(&jwks_uri(ISSUER)), 0);
}
