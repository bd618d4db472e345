//! `scenarios attack`: fires the attack corpus at a resource server whose operator trusts a test issuer, or at a token
//! endpoint that has registered test clients.
//!
//! The command holds the keys of that issuer, publishes its metadata and key set while it runs, and knows from a policy
//! file what the target was told. Every answer is judged; the report names each wrong accept and each wrong refusal
//! with the clause it breaks. What it can be pointed at is limited on purpose: see [`guard`].

mod arguments;
mod battle;
mod campaign;
mod guard;
mod publisher;
mod report;
mod round;
mod settings;
mod steps;
mod tally;
mod target;
#[cfg(test)]
mod tests;
mod trust;

pub(crate) use arguments::Attack;
pub(crate) use battle::Battle;

use crate::console;
use crate::error::CannotRun;
use bridge_jose::Algorithm;
use bridge_testkit::Pen;
use bridge_testkit::attacks::{Basis, Strictness, World, vectors};
use bridge_types::TokenId;
use campaign::{Campaign, Pace};
use publisher::Publisher;
use round::Round;
use settings::{Publish, Settings};
use std::num::NonZeroU32;
use tally::Tally;
use target::Target;

/// How far the target's clock may be from ours, in seconds. Cases at the edge of a time keep away from it so far.
const MARGIN: i64 = 8;

/// Fires, reports, and says whether every answer was right.
pub(crate) async fn run(attack: &Attack) -> Result<bool, CannotRun> {
    let settings = Settings::read(&attack.policy)?;
    let addresses = guard::permitted(&attack.target, &settings.hosts, &attack.authorised).await?;
    let files = report::Files::create(&attack.report)?;
    let world = world(&settings)?;
    let _publisher = settings.publish.as_ref().map(|publish| publish_keys(&world, publish)).transpose()?;
    let target = Target::new(&attack.target, &settings, &addresses)?;
    let cases = choose(&world, settings.strictness, attack.only.as_deref(), attack.count);
    if cases.is_empty() {
        return Err(CannotRun::Request("no case has such an id; leave --only out to fire all".to_owned()));
    }
    let (strictness, patience) = (settings.strictness, settings.patience);
    let campaign = Campaign::prepare(&world, &target, strictness, patience).await?;
    console::doing(&format!("firing {} cases at {}, {} a second", cases.len(), attack.target, attack.rate));
    let progress = |fired: usize| {
        if fired.is_multiple_of(500) {
            console::doing(&format!("{fired} of {} fired", cases.len()));
        }
    };
    let shots = campaign.fire(&cases, Pace::Steady(attack.rate), progress).await?;
    let tally = Tally::of(&shots);
    report::write(&files, attack.target.as_str(), &world.policy, &shots)?;
    for shot in shots.iter().filter(|shot| !shot.faults.is_empty()) {
        shot.faults.iter().for_each(|fault| console::say(&format_args!("{}: {fault} ({})", shot.id, shot.clause)));
    }
    console::say(&format_args!("report: {}", files.page().display()));
    console::say(&tally);
    Ok(tally.clean())
}

/// The keys of the test issuer are new in every run; those of the test clients are the registered ones.
fn world(settings: &Settings) -> Result<World, CannotRun> {
    let (policy, run) = (settings.policy.clone(), format!(".{}", TokenId::random()));
    let Some(file) = &settings.keys_file else {
        console::doing("making the keys of the test issuer");
        return Ok(World { margin: MARGIN, ..World::generate(settings.face, policy, &run) });
    };
    let keys = settings::desk::keys(file, &policy)?;
    let rings = policy.algorithms.iter().map(|algorithm| (*algorithm, vectors::ring(&keys, *algorithm))).collect();
    Ok(World { face: settings.face, policy, rings, pen: Pen::default(), run, margin: MARGIN })
}

fn publish_keys(world: &World, publish: &Publish) -> Result<Publisher, CannotRun> {
    let publisher = Publisher::start(world, publish)?;
    console::doing(&format!("the test issuer {} serves at {}", world.policy.issuer, publish.listen));
    Ok(publisher)
}

/// The cases to fire. Where the target is no Bridge, those in which Bridge is stricter than the standards are left out.
fn choose(world: &World, strictness: Strictness, only: Option<&str>, count: NonZeroU32) -> Vec<Round> {
    let tested = Algorithm::ALL.into_iter().filter(|algorithm| world.policy.algorithms.contains(algorithm));
    let rounds = tested.flat_map(|algorithm| Round::all(world, algorithm));
    let asked = rounds.filter(|round| only.is_none_or(|part| round.id().contains(part)));
    let fair = asked.filter(|round| strictness == Strictness::Bridge || round.basis() == Basis::Standard);
    fair.take(usize::try_from(count.get()).unwrap_or(usize::MAX)).collect()
}
