//! A directory of policies over time.

use crate::support::{API, CLIENT, ISSUER, OTHER_ISSUER, SCOPE, World, capture, policy, setup};
use bridge_testkit::TestIssuer;
use bridge_types::Clock;
use bridge_validator::keys::KeyTiming;
use bridge_validator::{LoadError, Reason, ReloadReport, TrustPolicies};

const BROKEN: &str = "issuer = 1";

fn names(report: &ReloadReport) -> (Vec<&str>, Vec<&str>, usize) {
    let names = |partners: &'_ [std::sync::Arc<bridge_validator::TrustedPartner>]| {
        partners.iter().map(|partner| partner.policy().partner.to_string()).collect::<Vec<_>>()
    };
    let leak = |names: Vec<String>| names.into_iter().map(|name| &*name.leak()).collect();
    (leak(names(&report.loaded)), leak(names(&report.removed)), report.rejected.len())
}

fn load(world: &World) -> Result<TrustPolicies, LoadError> {
    TrustPolicies::load(world.directory.path(), setup(&world.network, &world.clock, KeyTiming::default()))
}

async fn refusal(world: &World, issuer: &TestIssuer) -> Option<Reason> {
    world.refusal(&issuer.access_token(CLIENT, API, SCOPE, world.clock.now()).sign()).await
}

#[tokio::test]
async fn a_start_accepts_no_defect_and_names_all_of_them() {
    let world = World::new();
    std::fs::write(world.directory.path().join("broken.toml"), BROKEN).unwrap();
    std::fs::write(world.directory.path().join("twin.toml"), policy(ISSUER)).unwrap();
    let error = load(&world).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.errors.len(), 3, "{text}");
    assert!(text.contains("broken.toml: line 1, column 10: "), "{text}");
    assert!(text.contains("twin.toml: issuer https://issuer.company-a.example is already named by"), "{text}");
    assert!(text.contains("company-a.toml: issuer"), "{text}");
}

#[tokio::test]
async fn a_start_without_the_directory_is_refused() {
    let world = World::new();
    let absent = world.directory.path().join("absent");
    let setup = setup(&world.network, &world.clock, KeyTiming::default());
    let error = TrustPolicies::load(&absent, setup).unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("absent"), "{error}");
}

#[tokio::test]
async fn other_files_are_not_looked_at() {
    let world = World::new();
    for name in [".company-a.toml", "company-a.toml~", "company-a.jwks.json", "README", "company-a.toml.swp"] {
        std::fs::write(world.directory.path().join(name), BROKEN).unwrap();
    }
    assert_eq!(load(&world).unwrap().partners().len(), 2);
}

#[tokio::test]
async fn a_broken_edit_keeps_the_last_good_policy_and_says_so() {
    let (_guard, log) = capture();
    let world = World::new();
    let report = world.edit(|_| BROKEN.to_owned());
    assert_eq!(names(&report), (vec![], vec![], 1));
    assert_eq!(refusal(&world, &world.issuer).await, None);
    let state = world.policies.state();
    let state = state.iter().find(|state| state.partner == "company-a").unwrap();
    assert!(state.error.as_ref().unwrap().contains("line 1"), "{state:?}");
    assert_eq!((state.version.as_ref().unwrap().sequence, state.enabled), (1, true));
    let lines = log.of("policy_rejected");
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["partner"], "company-a");
    assert!(lines[0]["detail"].as_str().unwrap().contains("company-a.toml: line 1"), "{lines:?}");
    assert_eq!(log.of("policy_loaded").len(), 2, "the two of the start");

    let report = world.edit(|policy| policy);
    assert_eq!(names(&report), (vec![], vec![], 0), "the same content is the same version");
    assert!(world.policies.state().iter().all(|state| state.error.is_none()));
}

#[tokio::test]
async fn an_edit_makes_a_new_version_at_once() {
    let world = World::new();
    let report = world.edit(|policy| format!("enabled = false\n{policy}"));
    assert_eq!(names(&report), (vec!["company-a"], vec![], 0));
    assert_eq!(report.loaded[0].version().sequence, 2);
    assert_eq!(refusal(&world, &world.issuer).await, Some(Reason::PartnerDisabled));
    assert_eq!(refusal(&world, &world.other).await, None, "the other partner is not touched");
}

#[tokio::test]
async fn a_new_file_that_is_broken_is_not_used_and_a_good_one_is() {
    let world = World::new();
    let report = world.write("company-d.toml", BROKEN);
    assert_eq!(names(&report), (vec![], vec![], 1));
    let state = world.policies.state();
    let state = state.iter().find(|state| state.partner == "company-d").unwrap();
    assert!(state.issuer.is_none() && state.version.is_none() && !state.enabled && state.error.is_some());

    let issuer = TestIssuer::new("https://issuer.company-d.example", bridge_jose::Algorithm::EdDsa);
    world.network.publish(&issuer);
    assert_eq!(refusal(&world, &issuer).await, Some(Reason::IssuerUnknown));
    let report = world.write("company-d.toml", &policy(issuer.url.as_str()));
    assert_eq!(names(&report), (vec!["company-d"], vec![], 0));
    assert_eq!(refusal(&world, &issuer).await, None);
}

#[tokio::test]
async fn a_file_that_is_gone_ends_the_trust_at_once() {
    let world = World::new();
    assert_eq!(refusal(&world, &world.issuer).await, None);
    std::fs::remove_file(world.directory.path().join("company-a.toml")).unwrap();
    let report = world.policies.reload(world.directory.path());
    assert_eq!(names(&report), (vec![], vec!["company-a"], 0));
    assert_eq!(refusal(&world, &world.issuer).await, Some(Reason::IssuerUnknown));
}

#[tokio::test]
async fn a_file_that_broke_and_then_went_is_gone() {
    let world = World::new();
    world.edit(|_| BROKEN.to_owned());
    std::fs::remove_file(world.directory.path().join("company-a.toml")).unwrap();
    world.policies.reload(world.directory.path());
    assert_eq!(refusal(&world, &world.issuer).await, Some(Reason::IssuerUnknown));
    assert!(world.policies.state().iter().all(|state| state.partner != "company-a"));
}

#[tokio::test]
async fn a_renamed_file_goes_on() {
    let world = World::new();
    assert_eq!(refusal(&world, &world.issuer).await, None);
    let (old, new) = (world.directory.path().join("company-a.toml"), world.directory.path().join("retailer.toml"));
    std::fs::rename(old, new).unwrap();
    let report = world.policies.reload(world.directory.path());
    assert_eq!(names(&report), (vec!["retailer"], vec!["company-a"], 0));
    world.network.cut(ISSUER);
    assert_eq!(refusal(&world, &world.issuer).await, None, "with the keys that were held");
}

#[tokio::test]
async fn a_second_file_cannot_take_an_issuer_over() {
    let world = World::new();
    // `aaa` comes first in the directory; that must not help it.
    let report = world.write("aaa.toml", &policy(ISSUER).replace("shipments:read", "everything"));
    assert_eq!(names(&report), (vec![], vec![], 1));
    assert!(report.rejected[0].to_string().contains("aaa.toml: issuer"), "{}", report.rejected[0]);
    assert_eq!(refusal(&world, &world.issuer).await, None);
    assert_eq!(&*world.policies.of(ISSUER).unwrap().policy().partner, "company-a");
}

#[tokio::test]
async fn an_edit_cannot_take_an_issuer_over_even_from_a_file_that_broke() {
    let world = World::new();
    std::fs::write(world.directory.path().join("company-a.toml"), BROKEN).unwrap();
    let report = world.write("company-c.toml", &policy(ISSUER));
    assert_eq!(names(&report), (vec![], vec![], 2));
    assert_eq!(refusal(&world, &world.issuer).await, None);
    assert_eq!(refusal(&world, &world.other).await, None);
}

#[tokio::test]
async fn two_files_may_swap_their_issuers() {
    let world = World::new();
    std::fs::write(world.directory.path().join("company-a.toml"), policy(OTHER_ISSUER)).unwrap();
    let report = world.write("company-c.toml", &policy(ISSUER));
    assert_eq!(names(&report), (vec!["company-a", "company-c"], vec![], 0));
    assert_eq!(&*world.policies.of(ISSUER).unwrap().policy().partner, "company-c");
}

#[tokio::test]
async fn of_two_new_files_with_one_issuer_neither_is_used() {
    let world = World::new();
    let issuer = TestIssuer::new("https://issuer.company-d.example", bridge_jose::Algorithm::EdDsa);
    std::fs::write(world.directory.path().join("d1.toml"), policy(issuer.url.as_str())).unwrap();
    let report = world.write("d2.toml", &policy(issuer.url.as_str()));
    assert_eq!(names(&report), (vec![], vec![], 2));
    assert_eq!(refusal(&world, &issuer).await, Some(Reason::IssuerUnknown));
}

#[tokio::test]
async fn a_directory_that_cannot_be_listed_changes_nothing_and_says_so() {
    let world = World::new();
    let moved = world.directory.path().with_extension("moved");
    std::fs::rename(world.directory.path(), &moved).unwrap();
    let report = world.policies.reload(world.directory.path());
    std::fs::rename(&moved, world.directory.path()).unwrap();
    assert_eq!(names(&report), (vec![], vec![], 1));
    assert!(world.policies.state().iter().all(|state| state.error.is_some()));
    assert_eq!(refusal(&world, &world.issuer).await, None);
    world.policies.reload(world.directory.path());
    assert!(world.policies.state().iter().all(|state| state.error.is_none()));
}
