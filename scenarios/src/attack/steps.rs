//! The attack on a company of the stand, through its real port.

use super::battle::Battle;
use super::settings::Route;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet};
use crate::stand::NOTICE;
use bridge_testkit::attacks::Fault;
use bridge_types::Clock;
use cucumber::{given, then, when};
use std::collections::BTreeMap;
use tokio::time::{Instant, sleep};

#[given(expr = "company {company} trusts an issuer that the attacker holds")]
async fn trusts_the_attacker(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), side, "trusts the attacker's issuer");
    stage.battle = Some(Battle::prepare(&stand, side).await?);
    Ok(())
}

#[when(expr = "the attacker fires every case of the corpus at {string} of company {company}")]
async fn fires(stage: &mut Stage, route: String, side: Side) -> Check {
    let stand = stage.stand();
    let route = Route::parse(&route).map_err(|problem| Unmet::new("route", "a method and a path", problem))?;
    let place = stand.log(side).end();
    let battle = battle(stage)?;
    battle.fire(&stand, side, route).await?;
    let deadline = Instant::now() + NOTICE;
    // The line of a decision is written once its answer has gone out.
    while battle.unlogged(&stand.log(side).lines_since(place)) > 0 && Instant::now() < deadline {
        sleep(std::time::Duration::from_millis(50)).await;
    }
    battle.log = stand.log(side).text_since(place);
    let fired = format!("answers {} attacks", battle.shots.len());
    stand.journal.deed(stand.clock.now(), side, fired);
    // Thousands of refusals in one drawing tell nobody anything.
    stage.began[side] = stand.log(side).end();
    Ok(())
}

#[then(expr = "at least {int} cases were fired")]
fn were_fired(stage: &mut Stage, least: usize) -> Check {
    let fired = battle(stage)?.shots.len();
    if fired >= least { Ok(()) } else { Err(Unmet::new("cases", format_args!("at least {least}"), fired)) }
}

#[then("nothing forged was served")]
fn no_wrong_accept(stage: &mut Stage) -> Check {
    none(stage, |fault| matches!(fault, Fault::WrongAccept { .. }))
}

#[then("nothing valid was refused")]
fn no_wrong_refusal(stage: &mut Stage) -> Check {
    none(stage, |fault| matches!(fault, Fault::WrongRefusal { .. }))
}

#[then("every refusal had the right status, reason and challenge, and said nothing of the token")]
fn no_other_fault(stage: &mut Stage) -> Check {
    none(stage, |fault| !matches!(fault, Fault::WrongAccept { .. } | Fault::WrongRefusal { .. }))
}

#[then("the log has one line for each, with its reason and without its token")]
fn logged_once(stage: &mut Stage) -> Check {
    let battle = battle(stage)?;
    let lines = battle.lines();
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.event() == "decision") {
        reasons.entry(line.text("correlation_id")).or_default().push(line.text("reason"));
    }
    for shot in battle.shots.iter().filter(|shot| shot.was_decided()) {
        let logged = reasons.get(shot.correlation_id.as_deref().unwrap_or_default()).cloned().unwrap_or_default();
        let expected = if shot.expected == "allow" { "allowed" } else { shot.expected };
        if logged != [expected] {
            let what = format!("lines about {}", shot.id);
            return Err(Unmet::new(&what, format_args!("one, {expected}"), format_args!("{logged:?}")));
        }
    }
    match battle.leaked() {
        0 => Ok(()),
        leaked => Err(Unmet::new("tokens in the log", 0, leaked)),
    }
}

fn battle(stage: &mut Stage) -> Result<&mut Battle, Unmet> {
    stage.battle.as_mut().ok_or_else(|| Unmet::new("attacker", "one that a step has let in", "none"))
}

/// Demands that no shot has such a fault; names the first ones.
fn none(stage: &mut Stage, wanted: impl Fn(&Fault) -> bool) -> Check {
    let shots = &battle(stage)?.shots;
    let wrong: Vec<String> = shots
        .iter()
        .flat_map(|shot| shot.faults.iter().filter(|fault| wanted(fault)).map(|fault| format!("{}: {fault}", shot.id)))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let first = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
    Err(Unmet::new("faults", 0, format_args!("{}:\n{first}", wrong.len())))
}
