//! How keys come, age and go.

use crate::support::{API, Answer, CLIENT, ISSUER, OTHER_ISSUER, SCOPE, World, jwks_uri, metadata_uri, policy, settle};
use bridge_jose::{Algorithm, SigningKey, jwks_json};
use bridge_testkit::TestIssuer;
use bridge_types::Clock;
use bridge_validator::Reason;
use std::time::Duration;

async fn refresh(world: &World) {
    world.policies.refresh_due();
    settle().await;
}

fn state(world: &World) -> bridge_validator::keys::KeyState {
    world.policies.of(ISSUER).unwrap().keys().state()
}

#[tokio::test]
async fn the_background_fetches_keys_before_anybody_asks() {
    let world = World::new();
    refresh(&world).await;
    assert_eq!((world.fetches(), world.network.asked(&jwks_uri(OTHER_ISSUER))), (1, 1));
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    refresh(&world).await;
    assert_eq!(world.fetches(), 1, "fresh keys are left alone");
}

#[tokio::test]
async fn keys_are_renewed_before_they_stop_being_fresh() {
    let world = World::new();
    refresh(&world).await;
    world.clock.advance(Duration::from_secs(224));
    refresh(&world).await;
    assert_eq!(world.fetches(), 1);
    world.clock.advance(Duration::from_secs(1));
    refresh(&world).await;
    assert_eq!(world.fetches(), 2, "at three quarters of max-age=300");
}

#[tokio::test]
async fn the_keys_of_a_disabled_or_expired_partner_are_not_fetched() {
    for edit in ["enabled = false", "valid_until = 2025-12-31"] {
        let world = World::new();
        world.edit(|policy| format!("{edit}\n{policy}"));
        refresh(&world).await;
        assert_eq!(world.fetches(), 0, "{edit}");
    }
}

#[tokio::test]
async fn an_etag_saves_the_document() {
    let world = World::new();
    world
        .network
        .answer(&jwks_uri(ISSUER), Answer::Body { body: world.issuer.jwks(), max_age: Some(60), etag: Some("\"1\"") });
    refresh(&world).await;
    assert_eq!(world.network.last_condition(&jwks_uri(ISSUER)), None);
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(45));
        refresh(&world).await;
        assert_eq!(world.network.last_condition(&jwks_uri(ISSUER)).as_deref(), Some("\"1\""));
    }
    assert_eq!(world.fetches(), 4);
    assert_eq!(state(&world).keys.len(), 1);
}

#[tokio::test]
async fn an_answer_that_refers_to_a_copy_we_do_not_have_is_none() {
    for url in [jwks_uri(ISSUER), metadata_uri(ISSUER)] {
        let world = World::new();
        world.network.answer(&url, Answer::NotModified);
        assert_eq!(world.refusal(&world.token().sign()).await, Some(Reason::KeysUnavailable), "{url}");
        assert!(state(&world).last_attempt.unwrap().error.unwrap().contains("304"), "{url}");
    }
}

#[tokio::test]
async fn an_etag_means_nothing_at_another_address() {
    let mut world = World::new();
    let labelled = |body: String| Answer::Body { body, max_age: Some(60), etag: Some("\"1\"") };
    world.network.answer(&jwks_uri(ISSUER), labelled(world.issuer.jwks()));
    refresh(&world).await;
    world.issuer.key = SigningKey::generate(Algorithm::Es256).unwrap();
    let moved = format!("{ISSUER}/moved");
    world.network.answer(&moved, labelled(world.issuer.jwks()));
    let metadata = serde_json::json!({"issuer": ISSUER, "jwks_uri": moved}).to_string();
    world.network.answer(&metadata_uri(ISSUER), Answer::body(metadata));
    world.clock.advance(Duration::from_hours(1));
    refresh(&world).await;
    assert_eq!((world.network.asked(&moved), world.network.last_condition(&moved)), (1, None));
    assert_eq!(world.refusal(&world.token().sign()).await, None, "the keys of the new address");
}

#[tokio::test]
async fn a_policy_that_changes_while_its_keys_are_fetched_counts() {
    let world = World::new();
    let token = world.token().sign();
    let edit = async { world.edit(|policy| format!("enabled = false\n{policy}")) };
    let (refused, _) = tokio::join!(world.refusal(&token), edit);
    assert_eq!(refused, Some(Reason::PartnerDisabled));
    assert_eq!(world.fetches(), 1, "the flight was on its way when the switch was turned");
}

#[tokio::test]
async fn a_request_with_an_overdue_key_does_not_wait_for_the_renewal() {
    let world = World::new();
    refresh(&world).await;
    world.network.answer(&jwks_uri(ISSUER), Answer::Never);
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    settle().await;
    assert_eq!(world.fetches(), 2, "the request started the renewal all the same");
}

#[tokio::test]
async fn a_new_key_is_found_at_once() {
    let mut world = World::new();
    refresh(&world).await;
    let (old, new) = (world.issuer.key.clone(), SigningKey::generate(Algorithm::Es256).unwrap());
    world.network.publish_keys(ISSUER, jwks_json([old.public(), new.public()]));
    world.issuer.key = new;
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    world.issuer.key = old;
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn since_when_a_key_is_held_outlives_renewals() {
    let world = World::new();
    let first = world.clock.now();
    refresh(&world).await;
    let new = SigningKey::generate(Algorithm::EdDsa).unwrap();
    world.network.publish_keys(ISSUER, jwks_json([world.issuer.key.public(), new.public()]));
    world.clock.advance(Duration::from_mins(5));
    refresh(&world).await;
    let state = state(&world);
    let since = |kid: &bridge_types::KeyId| state.keys.iter().find(|key| key.kid == *kid).unwrap().since;
    assert_eq!((since(world.issuer.key.kid()), since(new.kid())), (first, world.clock.now()));
    assert_eq!(state.fetched_at, Some(world.clock.now()));
    assert!(state.usable && !state.pinned);
}

#[tokio::test]
async fn stale_keys_are_used_while_the_issuer_is_away_and_no_longer_than_the_cap() {
    let world = World::new();
    refresh(&world).await;
    world.network.cut(ISSUER);
    for hour in 1..24 {
        world.clock.advance(Duration::from_hours(1));
        refresh(&world).await;
        assert_eq!(world.refusal(&world.token().sign()).await, None, "hour {hour}");
    }
    assert!(state(&world).last_attempt.unwrap().error.unwrap().contains("connection refused"));
    world.clock.advance(Duration::from_hours(1));
    let denial = world.denial(&world.token().sign()).await.unwrap();
    assert_eq!(denial.reason(), Reason::KeysUnavailable);
    assert!(denial.retry_after().is_some_and(|after| after >= Duration::from_secs(1)));
    assert!(!state(&world).usable);

    world.network.publish(&world.issuer);
    world.clock.advance(Duration::from_mins(2));
    refresh(&world).await;
    assert_eq!(world.refusal(&world.token().sign()).await, None, "the issuer is back");
}

#[tokio::test]
async fn an_authentic_empty_set_revokes_all_keys() {
    let world = World::new();
    refresh(&world).await;
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    world.network.publish_keys(ISSUER, r#"{"keys":[]}"#);
    world.clock.advance(Duration::from_mins(5));
    refresh(&world).await;
    assert_eq!(world.refusal(&world.token().sign()).await, Some(Reason::KeyUnknown));
    assert!(state(&world).usable, "nothing is wrong with us");
}

#[tokio::test]
async fn garbage_in_place_of_a_set_revokes_nothing() {
    for garbage in ["", "{}", "[]", "<html>", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
        let world = World::new();
        refresh(&world).await;
        world.network.publish_keys(ISSUER, garbage);
        world.clock.advance(Duration::from_mins(5));
        refresh(&world).await;
        assert_eq!(world.fetches(), 2);
        assert_eq!(world.refusal(&world.token().sign()).await, None, "{garbage:?}");
    }
}

#[tokio::test]
async fn metadata_must_be_those_of_the_issuer() {
    let jwks = jwks_uri(ISSUER);
    let metadata = |issuer: &str, jwks: &str| serde_json::json!({"issuer": issuer, "jwks_uri": jwks}).to_string();
    for (name, document) in [
        ("another issuer", metadata(OTHER_ISSUER, &jwks)),
        ("a slash more", metadata(&format!("{ISSUER}/"), &jwks)),
        ("another case", metadata("https://Issuer.company-a.example", &jwks)),
        ("no issuer", format!(r#"{{"jwks_uri":"{jwks}"}}"#)),
        ("two issuers", format!(r#"{{"issuer":"{OTHER_ISSUER}","issuer":"{ISSUER}","jwks_uri":"{jwks}"}}"#)),
        ("keys of another host", metadata(ISSUER, &jwks_uri(OTHER_ISSUER))),
        ("keys of another port", metadata(ISSUER, "https://issuer.company-a.example:8443/jwks")),
        ("keys without TLS", metadata(ISSUER, "http://issuer.company-a.example/jwks")),
        ("keys behind a password", metadata(ISSUER, "https://a:b@issuer.company-a.example/jwks")),
        ("keys behind a name", metadata(ISSUER, "https://a@issuer.company-a.example/jwks")),
        ("keys nowhere", metadata(ISSUER, "/jwks")),
        ("keys in a file", metadata(ISSUER, "file:///etc/passwd")),
        ("no JSON", "<html>".to_owned()),
    ] {
        let world = World::new();
        world.network.answer(&metadata_uri(ISSUER), Answer::body(document));
        assert_eq!(world.refusal(&world.token().sign()).await, Some(Reason::KeysUnavailable), "{name}");
        assert_eq!((world.fetches(), world.network.asked(&jwks_uri(OTHER_ISSUER))), (0, 0), "{name}");
    }
}

#[tokio::test]
async fn an_issuer_that_differs_by_one_byte_is_another() {
    let mut others = vec![format!("{ISSUER}/"), format!(" {ISSUER}"), format!("{ISSUER}\0")];
    for at in 0..ISSUER.len() {
        let (before, letter, after) = (&ISSUER[..at], &ISSUER[at..=at], &ISSUER[at + 1..]);
        others.extend([
            format!("{before}{after}"),
            format!("{before}{letter}{letter}{after}"),
            format!("{before}{}{after}", letter.to_uppercase()),
            format!("{before}~{after}"),
        ]);
    }
    for other in others.into_iter().filter(|other| other != ISSUER) {
        let world = World::new();
        let metadata = serde_json::json!({"issuer": other, "jwks_uri": jwks_uri(ISSUER)}).to_string();
        world.network.answer(&metadata_uri(ISSUER), Answer::body(metadata));
        assert_eq!(world.refusal(&world.token().sign()).await, Some(Reason::KeysUnavailable), "{other:?}");
        assert_eq!(world.fetches(), 0, "{other:?}");
    }
}

#[tokio::test]
async fn metadata_are_asked_again_after_a_failure_and_after_an_hour() {
    let world = World::new();
    refresh(&world).await;
    world.network.answer(&jwks_uri(ISSUER), Answer::Status(404));
    world.clock.advance(Duration::from_mins(5));
    refresh(&world).await;
    let moved = serde_json::json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/moved")}).to_string();
    world.network.answer(&metadata_uri(ISSUER), Answer::body(moved));
    world.network.answer(&format!("{ISSUER}/moved"), Answer::body(world.issuer.jwks()));
    world.clock.advance(Duration::from_mins(1));
    refresh(&world).await;
    assert_eq!(world.network.asked(&format!("{ISSUER}/moved")), 1);
    assert_eq!(state(&world).last_attempt.unwrap().error, None);
    world.clock.advance(Duration::from_hours(1));
    refresh(&world).await;
    assert_eq!(world.network.asked(&metadata_uri(ISSUER)), 3);
}

#[tokio::test]
async fn a_key_of_one_issuer_never_verifies_a_token_that_names_another() {
    let world = World::new();
    refresh(&world).await;
    let impostor = TestIssuer { url: world.other.url.clone(), key: world.issuer.key.clone() };
    let token = impostor.access_token(CLIENT, API, SCOPE, world.clock.now()).sign();
    assert_eq!(world.refusal(&token).await, Some(Reason::KeyUnknown));
}

#[tokio::test]
async fn pinned_keys_need_no_network_and_are_revoked_by_editing_their_file() {
    let world = World::new();
    let jwks = world.directory.path().join("company-a.jwks.json");
    std::fs::write(&jwks, world.issuer.jwks()).unwrap();
    let pinned = |policy: String| format!("keys = {{ jwks_file = \"company-a.jwks.json\" }}\n{policy}");
    world.write("company-a.toml", &pinned(policy(ISSUER)));
    world.clock.advance(Duration::from_hours(1000));
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    assert_eq!(world.refusal(&world.token().header("kid", "x").sign()).await, Some(Reason::KeyUnknown));
    assert!(state(&world).pinned);

    std::fs::write(&jwks, r#"{"keys":[]}"#).unwrap();
    world.policies.reload(world.directory.path());
    assert_eq!(world.refusal(&world.token().sign()).await, Some(Reason::KeyUnknown));
    assert_eq!(world.network.asked_at_all(), 0);
}

#[tokio::test]
async fn an_edit_of_scopes_keeps_the_keys_and_one_of_their_place_does_not() {
    let world = World::new();
    refresh(&world).await;
    world.edit(|policy| policy.replace("\"shipments:write\"", "\"shipments:track\""));
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    assert_eq!(world.fetches(), 1);
    let ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(world.directory.path().join("ca.pem"), ca).unwrap();
    world.edit(|policy| format!("ca_file = \"ca.pem\"\n{policy}"));
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    assert_eq!(world.fetches(), 2, "what was fetched under other certificates does not count");
    world.edit(|policy| format!("ca_file = \"ca.pem\"\nprivate_networks = [\"10.20.0.0/16\"]\n{policy}"));
    assert_eq!(world.refusal(&world.token().sign()).await, None);
    assert_eq!(world.fetches(), 3, "nor what was fetched from other networks");
}
