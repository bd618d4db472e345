//! Lists in use: how they are renewed, what they stop, and what no list can do.

use super::{Listed, uri};
use crate::support::{Answer, counting};
use bridge_jose::Algorithm;
use bridge_testkit::{Forge, TestIssuer};
use bridge_types::Clock;
use bridge_validator::Reason;
use serde_json::{Value, json};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_token_whose_bit_is_set_is_refused_whether_it_was_seen_before_or_not() {
    let listed = Listed::acquainted().await;
    let seen = listed.token(9).sign();
    assert_eq!(listed.world.refusal(&seen).await, None);
    listed.pass(SECOND).await;
    listed.publish(1, &[9]);
    listed.pass(30 * SECOND).await;
    assert_eq!(listed.world.refusal(&seen).await, Some(Reason::TokenRevoked));
    assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
    assert_eq!(listed.refusal(8).await, None);
}

#[tokio::test]
async fn a_list_is_fetched_ahead_of_its_ttl_and_not_before() {
    let listed = Listed::acquainted().await;
    listed.pass(17 * SECOND).await;
    assert_eq!(listed.fetches(1), 1);
    listed.pass(6 * SECOND).await;
    assert_eq!(listed.fetches(1), 2);
    for _ in 0..10 {
        listed.pass(SECOND).await;
    }
    assert_eq!(listed.fetches(1), 2);
}

#[tokio::test]
async fn an_index_that_the_list_does_not_have_is_not_accepted() {
    let listed = Listed::acquainted().await;
    assert_eq!(listed.refusal(8191).await, None);
    for idx in [8192, u64::MAX] {
        assert_eq!(listed.refusal(idx).await, Some(Reason::StatusNotAccepted));
    }
}

#[tokio::test]
async fn past_the_end_of_the_list_its_tokens_are_refused_as_unavailable() {
    let (_guard, counts) = counting();
    let listed = Listed::acquainted().await;
    listed.world.network.answer(&uri(1), Answer::Status(503));
    for _ in 0..119 {
        listed.pass(10 * SECOND).await;
    }
    let (seen, other) = (listed.token(7).sign(), listed.token(8).sign());
    assert_eq!(listed.world.refusal(&seen).await, None, "at 1190 s");
    listed.pass(9 * SECOND).await;
    assert_eq!(listed.world.refusal(&seen).await, None, "the last second");
    listed.pass(SECOND).await;
    for token in [&seen, &other] {
        let denial = listed.world.denial(token).await.unwrap();
        assert_eq!(denial.reason(), Reason::StatusUnavailable);
        assert!(denial.retry_after().is_some());
    }
    assert!(counts.of("bridge_status_list_fetches_total{partner=company-a,outcome=error}") > 10);
    listed.publish(1, &[]);
    listed.pass(31 * SECOND).await;
    assert_eq!(listed.world.refusal(&other).await, None, "back again");
}

#[tokio::test]
async fn a_clock_that_is_stepped_back_does_not_stretch_a_list() {
    let listed = Listed::acquainted().await;
    listed.world.network.answer(&uri(1), Answer::Status(503));
    listed.pass(1201 * SECOND).await;
    listed.world.clock.step(jiff::SignedDuration::from_secs(-1201));
    assert_eq!(listed.refusal(7).await, Some(Reason::StatusUnavailable));
}

#[tokio::test]
async fn an_older_list_takes_nothing_back() {
    let listed = Listed::acquainted().await;
    let old = listed.list(1, &[]);
    listed.pass(10 * SECOND).await;
    listed.publish(1, &[9]);
    listed.pass(30 * SECOND).await;
    assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
    listed.publish_forged(1, &old);
    for _ in 0..5 {
        listed.pass(30 * SECOND).await;
        assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
    }
}

#[tokio::test]
async fn of_two_lists_of_the_same_second_what_either_has_set_is_set() {
    let listed = Listed::acquainted().await;
    listed.pass(SECOND).await;
    let (one, two) = (listed.list(1, &[9]), listed.list(1, &[10]));
    for list in [&one, &two, &one] {
        listed.publish_forged(1, list);
        listed.pass(30 * SECOND).await;
    }
    for idx in [9, 10] {
        assert_eq!(listed.refusal(idx).await, Some(Reason::TokenRevoked));
    }
    assert_eq!(listed.refusal(11).await, None);
    listed.publish(1, &[10]);
    listed.pass(30 * SECOND).await;
    assert_eq!(listed.refusal(9).await, None, "a later list may");
}

/// Lists with one defect each: none of them may come into use.
fn defects(listed: &Listed) -> Vec<(&'static str, String)> {
    let now = listed.world.clock.now().as_second();
    let list = || listed.list(1, &[]);
    let other = |issuer: &TestIssuer| issuer.status_list(&uri(1), &[], listed.world.clock.now()).sign();
    let stranger = TestIssuer::new("https://issuer.company-a.example", Algorithm::Es256);
    let mut defects: Vec<(&'static str, String)> = vec![
        ("another list", listed.list(2, &[]).sign()),
        ("sub in another spelling", list().claim("sub", format!("{}/", uri(1))).sign()),
        ("signed by another partner's issuer", other(&listed.world.other)),
        ("signed by nobody's key", other(&stranger)),
        ("signed by another key in our key's name", {
            let list = stranger.status_list(&uri(1), &[], listed.world.clock.now());
            list.header("kid", listed.world.issuer.key.kid().as_str()).sign()
        }),
        ("a wrong signature", list().sign_then(|signature| signature[9] ^= 1)),
        ("another type", list().header("typ", "at+jwt").sign()),
        ("the type of JWTs", list().header("typ", "JWT").sign()),
        ("no type", list().without_header("typ").sign()),
        ("an access token", listed.token(1).sign()),
        ("iss of another", list().claim("iss", "https://issuer.company-c.example").sign()),
        ("iss null", list().claim("iss", Value::Null).sign()),
        ("no exp", list().without_claim("exp").sign()),
        ("exp past", list().claim("iat", now - 100).claim("exp", now).sign()),
        ("exp before iat", list().claim("iat", now + 10).claim("exp", now + 5).sign()),
        ("made in the future", list().claim("iat", now + 31).sign()),
        ("no iat", list().without_claim("iat").sign()),
        ("iat as text", list().claim("iat", now.to_string()).sign()),
        ("ttl 0", list().claim("ttl", 0).sign()),
        ("ttl as text", list().claim("ttl", "30").sign()),
        ("no list", list().without_claim("status_list").sign()),
        ("bits 3", list().claim("status_list", json!({"bits": 3, "lst": "eNrbuRgAAhcBXQ"})).sign()),
        ("lst not zlib", list().claim("status_list", json!({"bits": 1, "lst": "AAAA"})).sign()),
        ("not a JWS", "<html></html>".to_owned()),
        ("nothing", String::new()),
        ("a line too much", format!("{}\n", list().sign())),
    ];
    let bomb = bridge_jose::EncodedStatusList::of_bits(&vec![0; (1 << 20) + 1]);
    defects.push(("a bomb", list().claim("status_list", serde_json::to_value(bomb).unwrap()).sign()));
    let key = &listed.world.issuer.key;
    let (header, claims) = (list().header_json(), list().claims_json());
    let twice = claims.replacen('{', "{\"sub\":\"https://x.example/\",", 1);
    defects.push(("sub twice", Forge::sign_text(key, header, twice)));
    defects
}

#[tokio::test]
async fn a_list_with_a_defect_never_comes_into_use() {
    let names: Vec<_> = defects(&Listed::new()).into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 28);
    for (index, name) in names.into_iter().enumerate() {
        let listed = Listed::new();
        let (_, list) = defects(&listed).swap_remove(index);
        listed.answer(&uri(1), list);
        assert_eq!(listed.refusal(7).await, Some(Reason::StatusUnavailable), "{name}");
        let state = listed.world.policies.of(crate::support::ISSUER).unwrap().keys().status().state();
        assert!(state.lists.iter().all(|list| !list.usable), "{name}: {state:?}");
    }
}

#[tokio::test]
async fn a_list_with_a_defect_does_not_replace_a_good_one() {
    let listed = Listed::acquainted().await;
    listed.pass(SECOND).await;
    listed.publish(1, &[9]);
    listed.pass(30 * SECOND).await;
    for (name, list) in defects(&listed) {
        listed.answer(&uri(1), list);
        listed.pass(31 * SECOND).await;
        assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked), "{name}");
        assert_eq!(listed.refusal(8).await, None, "{name}");
        listed.publish(1, &[9]);
        listed.pass(31 * SECOND).await;
    }
}

#[tokio::test]
async fn a_list_that_another_key_signed_makes_the_keys_be_looked_at() {
    let listed = Listed::acquainted().await;
    let (old, new) = (listed.world.issuer.key.clone(), TestIssuer::new(crate::support::ISSUER, Algorithm::Es256).key);
    let both = bridge_jose::jwks_json([old.public(), new.public()]);
    listed.answer(&crate::support::jwks_uri(crate::support::ISSUER), both);
    listed.pass(300 * SECOND).await;
    let fetches = listed.world.fetches();
    assert_eq!(fetches, 2, "both keys are held");
    // Now the old one is revoked, and the push is lost: the new list is all that the issuer says.
    listed.answer(&crate::support::jwks_uri(crate::support::ISSUER), bridge_jose::jwks_json([new.public()]));
    let signed_by_new = TestIssuer { key: new, url: listed.world.issuer.url.clone() };
    let list = signed_by_new.status_list(&uri(1), &[], listed.world.clock.now());
    listed.publish_forged(1, &list);
    listed.pass(23 * SECOND).await;
    assert_eq!(listed.world.fetches(), fetches + 1);
    assert_eq!(listed.refusal(7).await, Some(Reason::KeyUnknown), "signed with the old key");
}

#[tokio::test]
async fn a_list_whose_key_is_gone_is_not_used_any_more() {
    let listed = Listed::acquainted().await;
    listed.world.network.answer(&uri(1), Answer::Status(503));
    let new = TestIssuer::new(crate::support::ISSUER, Algorithm::Es256);
    listed.answer(&crate::support::jwks_uri(crate::support::ISSUER), new.jwks());
    listed.pass(300 * SECOND).await;
    let token = new
        .access_token(crate::support::CLIENT, crate::support::API, crate::support::SCOPE, listed.world.clock.now())
        .claim("status", json!({"status_list": {"idx": 1, "uri": uri(1)}}))
        .sign();
    assert_eq!(listed.world.refusal(&token).await, Some(Reason::StatusUnavailable));
}
