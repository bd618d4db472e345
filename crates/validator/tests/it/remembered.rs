//! The verified-token cache: what it saves, and that it never answers for something that is over.

use crate::support::{ISSUER, World, counting, jwks_uri, key, metadata_uri, settle};
use bridge_jose::{Algorithm, jwks_json};
use bridge_validator::Reason;
use jiff::SignedDuration;
use std::time::Duration;

const HIT: &str = "bridge_verified_token_cache_total{result=hit}";

#[tokio::test]
async fn a_repeated_token_is_remembered() {
    let (_guard, counts) = counting();
    let world = World::new();
    let token = world.token().sign();
    for _ in 0..3 {
        assert_eq!(world.refusal(&token).await, None);
    }
    assert_eq!(counts.of(HIT), 2);
    assert_eq!(counts.of("bridge_verified_token_cache_total{result=miss}"), 1);
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let (_guard, counts) = counting();
    let world = World::new();
    let token = world.token().claim("aud", "https://elsewhere.example").sign();
    for _ in 0..3 {
        assert_eq!(world.refusal(&token).await, Some(Reason::AudienceMismatch));
    }
    assert_eq!(counts.of(HIT), 0);
}

#[tokio::test]
async fn a_token_with_a_great_many_scopes_is_good_and_not_remembered() {
    let (_guard, counts) = counting();
    let world = World::new();
    for (scopes, hits) in [(30, 1), (32, 1)] {
        let names: Vec<String> = (0..scopes).map(|index| format!("s{index}")).collect();
        let scope = format!("{} shipments:read", names.join(" "));
        let token = world.token().claim("scope", scope).sign();
        assert_eq!(world.refusal(&token).await, None);
        assert_eq!(world.refusal(&token).await, None);
        assert_eq!(counts.of(HIT), hits, "{scopes} and one more");
    }
}

#[tokio::test]
async fn an_entry_dies_with_its_token() {
    let world = World::new();
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None);
    world.clock.advance(Duration::from_secs(329));
    assert_eq!(world.refusal(&token).await, None, "within the leeway");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.refusal(&token).await, Some(Reason::TokenExpired));
}

#[tokio::test]
async fn a_stepped_clock_is_believed_at_once_in_both_directions() {
    let world = World::new();
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None);
    world.clock.step(SignedDuration::from_secs(400));
    assert_eq!(world.refusal(&token).await, Some(Reason::TokenExpired));
    world.clock.step(SignedDuration::from_secs(-431));
    assert_eq!(world.refusal(&token).await, Some(Reason::TokenIssuedInFuture));
    world.clock.step(SignedDuration::from_secs(31));
    assert_eq!(world.refusal(&token).await, None);
}

#[tokio::test]
async fn an_entry_dies_with_the_version_of_its_policy() {
    let world = World::new();
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None);
    let edits: [(&str, &str, Reason); 6] = [
        ("issuer = ", "enabled = false\nissuer = ", Reason::PartnerDisabled),
        ("issuer = ", "valid_until = 2025-12-31\nissuer = ", Reason::PolicyExpired),
        ("\"ES256\", ", "", Reason::AlgorithmNotAllowed),
        ("api.company-b", "api2.company-b", Reason::AudienceMismatch),
        ("[clients.order-service]", "[clients.other]", Reason::ClientNotAllowed),
        ("\"shipments:read\", ", "", Reason::ScopeBeyondCeiling),
    ];
    for (from, to, reason) in edits {
        world.edit(|policy| policy.replace(from, to));
        assert_eq!(world.refusal(&token).await, Some(reason), "{to}");
        world.edit(|policy| policy);
        assert_eq!(world.refusal(&token).await, None, "{to}, undone");
    }
    world.edit(|policy| policy.replace("issuer = ", "max_token_lifetime = \"4m\"\nissuer = "));
    assert_eq!(world.refusal(&token).await, Some(Reason::LifetimeExceeded));
}

#[tokio::test]
async fn an_entry_dies_with_its_policy_file() {
    let world = World::new();
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None);
    std::fs::remove_file(world.directory.path().join("company-a.toml")).unwrap();
    world.policies.reload(world.directory.path());
    assert_eq!(world.refusal(&token).await, Some(Reason::IssuerUnknown));
}

#[tokio::test]
async fn an_entry_dies_with_the_last_day_of_its_policy() {
    let world = World::new();
    world.edit(|policy| policy.replace("issuer = ", "valid_until = 2026-01-01\nissuer = "));
    world.clock.step(SignedDuration::from_secs(86_400 - 10));
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None, "the last day counts whole");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(world.refusal(&token).await, Some(Reason::PolicyExpired));
}

#[tokio::test]
async fn an_entry_dies_when_its_key_is_taken_back() {
    let world = World::new();
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None);
    world.network.publish_keys(ISSUER, jwks_json([key(Algorithm::EdDsa).public()]));
    world.clock.advance(Duration::from_secs(226));
    world.policies.refresh_due();
    settle().await;
    assert_eq!(world.refusal(&token).await, Some(Reason::KeyUnknown));
}

#[tokio::test]
async fn an_entry_dies_when_its_keys_grow_too_old() {
    let world = World::new();
    let day = SignedDuration::from_hours(24);
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None);
    world.network.cut(ISSUER);
    world.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    world.clock.step(-day);
    assert_eq!(world.refusal(&token).await, None, "stale keys are used");
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(world.refusal(&token).await, Some(Reason::KeysUnavailable));
}

#[tokio::test]
async fn an_entry_survives_a_refresh_that_brings_the_same_keys() {
    let (_guard, counts) = counting();
    let world = World::new();
    let token = world.token().sign();
    assert_eq!(world.refusal(&token).await, None);
    world.clock.advance(Duration::from_secs(226));
    world.policies.refresh_due();
    settle().await;
    assert_eq!((world.fetches(), world.network.asked(&metadata_uri(ISSUER))), (2, 1));
    assert_eq!(world.network.last_condition(&jwks_uri(ISSUER)), None);
    assert_eq!(world.refusal(&token).await, None);
    assert_eq!(counts.of(HIT), 1);
}
