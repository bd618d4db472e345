//! Tokens with exactly one defect each, from an otherwise valid one, over every algorithm of the profile.

mod claims;
mod form;
mod header;
mod meaning;
mod signature;

use crate::support::World;
use bridge_jose::Algorithm;
use bridge_validator::Reason;
use std::collections::BTreeSet;

/// A way to spoil a valid token, and the reason for which the result has to be refused.
struct Defect {
    name: String,
    reason: Reason,
    spoil: Box<dyn Fn(&World) -> String>,
}

fn defect(name: impl Into<String>, reason: Reason, spoil: impl Fn(&World) -> String + 'static) -> Defect {
    Defect { name: name.into(), reason, spoil: Box::new(spoil) }
}

fn all() -> Vec<Defect> {
    [form::defects(), header::defects(), signature::defects(), claims::defects(), meaning::defects()]
        .into_iter()
        .flatten()
        .collect()
}

async fn refuses_every_defect(algorithm: Algorithm) {
    let world = World::signing(algorithm);
    assert_eq!(world.refusal(&world.token().sign()).await, None, "the token without a defect");
    let mut wrong = Vec::new();
    for Defect { name, reason, spoil } in all() {
        let found = world.refusal(&spoil(&world)).await;
        if found != Some(reason) {
            wrong.push(format!("{name}: expected {reason}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{algorithm}:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn refuses_every_defect_of_es256_tokens() {
    refuses_every_defect(Algorithm::Es256).await;
}

#[tokio::test]
async fn refuses_every_defect_of_eddsa_tokens() {
    refuses_every_defect(Algorithm::EdDsa).await;
}

#[tokio::test]
async fn refuses_every_defect_of_ps256_tokens() {
    refuses_every_defect(Algorithm::Ps256).await;
}

#[tokio::test]
async fn refuses_every_defect_of_rs256_tokens() {
    refuses_every_defect(Algorithm::Rs256).await;
}

/// What a token alone can be refused for. The others need a request, a policy or an issuer that is away.
#[test]
fn the_table_reaches_every_reason_that_a_token_can_give() {
    let elsewhere = [
        Reason::TokenMissing,
        Reason::RequestInvalid,
        Reason::PartnerDisabled,
        Reason::PolicyExpired,
        Reason::KeysUnavailable,
        Reason::TokenRevoked,
        Reason::StatusUnavailable,
        Reason::ScopeBeyondCeiling,
        Reason::RateLimited,
    ];
    let table = all();
    let reached: BTreeSet<Reason> = table.iter().map(|defect| defect.reason).chain(elsewhere).collect();
    let missed: Vec<Reason> = Reason::ALL.into_iter().filter(|reason| !reached.contains(reason)).collect();
    assert!(missed.is_empty(), "no defect reaches {missed:?}");
    let names: BTreeSet<&str> = table.iter().map(|defect| defect.name.as_str()).collect();
    assert_eq!(names.len(), table.len(), "two defects have the same name");
    assert!(table.len() >= 120, "{}", table.len());
}
