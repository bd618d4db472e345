//! Which places a token may name, and how many.

use super::{Listed, announcement, uri};
use crate::support::{ISSUER, jwks_uri, metadata_uri};
use bridge_validator::Reason;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_token_without_a_status_is_not_accepted_where_lists_are_demanded() {
    let listed = Listed::acquainted().await;
    assert_eq!(listed.world.refusal(&listed.world.token().sign()).await, Some(Reason::StatusNotAccepted));
}

#[tokio::test]
async fn a_list_is_fetched_from_the_hosts_of_the_policy_alone_and_over_tls() {
    let listed = Listed::acquainted().await;
    let asked = listed.world.network.asked_at_all();
    for uri in [
        "https://evil.example/status-lists/1",
        "https://issuer.company-a.example.evil.example/1",
        "https://company-a.example/1",
        "https://127.0.0.1/1",
        "https://issuer.company-c.example/status-lists/1",
        "http://issuer.company-a.example/status-lists/1",
        "http://127.0.0.1:8080/1",
    ] {
        let token = listed.world.token().claim("status", json!({"status_list": {"idx": 1, "uri": uri}})).sign();
        assert_eq!(listed.world.refusal(&token).await, Some(Reason::StatusNotAccepted), "{uri}");
    }
    listed.settle().await;
    assert_eq!(listed.world.network.asked_at_all(), asked);
}

#[tokio::test]
async fn a_malformed_status_is_malformed_and_not_absent() {
    let listed = Listed::acquainted().await;
    for status in [
        Value::Null,
        json!({}),
        json!({"status_list": null}),
        json!({"status_list": {"idx": -1, "uri": uri(1)}}),
        json!({"status_list": {"idx": "1", "uri": uri(1)}}),
        json!({"status_list": {"idx": 1}}),
        json!({"status_list": {"idx": 1, "uri": "status-lists/1"}}),
    ] {
        let token = listed.world.token().claim("status", status.clone()).sign();
        assert_eq!(listed.world.refusal(&token).await, Some(Reason::ClaimsMalformed), "{status}");
    }
}

#[tokio::test]
async fn announcements_of_other_hosts_and_garbage_fetch_nothing() {
    let listed = Listed::new();
    for body in [
        json!({"status_lists": ["https://evil.example/1", "http://issuer.company-a.example/1"]}).to_string(),
        json!({"status_lists": "all"}).to_string(),
        "[]".to_owned(),
        "<html>".to_owned(),
    ] {
        listed.answer(&announcement(), body);
        listed.pass(Duration::from_mins(1)).await;
    }
    assert_eq!(listed.world.network.asked("https://evil.example/1"), 0);
    assert_eq!(listed.refusal(7).await, Some(Reason::StatusUnavailable));
    listed.settle().await;
    assert_eq!(listed.refusal(7).await, None, "learnt from the token");
}

#[tokio::test]
async fn an_announcement_on_another_host_is_not_asked_for() {
    for endpoint in ["https://evil.example/lists", "http://issuer.company-a.example/lists", "lists", ""] {
        let listed = Listed::new();
        let metadata = json!({
            "issuer": ISSUER, "jwks_uri": jwks_uri(ISSUER), "status_list_aggregation_endpoint": endpoint,
        });
        listed.answer(&metadata_uri(ISSUER), metadata.to_string());
        assert_eq!(listed.refusal(7).await, Some(Reason::StatusUnavailable), "learnt from the token: {endpoint}");
        assert_eq!(listed.world.network.asked(endpoint), 0);
    }
}

#[tokio::test]
async fn an_announced_list_is_there_before_its_first_token() {
    let listed = Listed::acquainted().await;
    listed.publish(2, &[]);
    listed.announce(&[1, 2]);
    listed.pass(Duration::from_mins(1)).await;
    listed.pass(Duration::from_secs(1)).await;
    assert_eq!(listed.world.refusal(&listed.token_in(2, 5).sign()).await, None, "not even the first one is refused");
}

#[tokio::test]
async fn an_issuer_that_names_ever_more_lists_takes_no_more_memory_and_keeps_those_that_exist() {
    let listed = Listed::acquainted().await;
    for list in 100..400 {
        assert_eq!(listed.world.refusal(&listed.token_in(list, 1).sign()).await, Some(Reason::StatusUnavailable));
    }
    listed.settle().await;
    let status = std::sync::Arc::clone(listed.world.policies.of(ISSUER).unwrap().keys().status());
    assert_eq!(status.state().lists.len(), 64);
    assert_eq!(listed.refusal(7).await, None);
    assert_eq!(listed.fetches(1), 1);
}

#[tokio::test]
async fn an_edit_that_takes_a_host_away_counts_at_once() {
    let listed = Listed::acquainted().await;
    let token = listed.token(7).sign();
    assert_eq!(listed.world.refusal(&token).await, None);
    listed.world.edit(|policy| format!("status_list_hosts = [\"elsewhere.example\"]\n{policy}"));
    assert_eq!(listed.world.refusal(&token).await, Some(Reason::StatusNotAccepted));
    listed.world.edit(|policy| format!("status_list_hosts = [\"issuer.company-a.example\"]\n{policy}"));
    assert_eq!(listed.world.refusal(&token).await, None, "and the list is still held");
}
