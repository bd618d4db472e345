//! The attack on a company of the stand, through its real port.

use super::battle::Battle;
use super::settings::Route;
use super::target::Target;
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
    stage.battle = Some(Battle::at_route(&stand, side).await?);
    Ok(())
}

#[given(expr = "the attacker has two registered clients at company {company}")]
async fn registers_the_attacker(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), side, "registers the attacker's clients");
    stage.battle = Some(Battle::at_desk(&stand, side).await?);
    Ok(())
}

#[when(expr = "the attacker fires every case of the corpus at the token endpoint of company {company}")]
async fn fires_at_the_token_endpoint(stage: &mut Stage, side: Side) -> Check {
    fires(stage, "POST /token".to_owned(), side).await
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

#[when(expr = "somebody begins a token request at company {company} that never ends")]
async fn begins_what_never_ends(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), side, "waits for a body that trickles");
    let url = &stand.plan.parties[side].issuer.url;
    let base = url.parse().map_err(|problem| Unmet::new("issuer", "a URL", format_args!("{url}: {problem}")))?;
    let route = Route::parse("POST /token").map_err(|problem| Unmet::new("route", "a method and a path", problem))?;
    let target = Target::with(stand.http.builder(), base, route)?;
    let place = stand.log(side).end();
    let answer = target.send_for_ever().await.map_err(|why| Unmet::new("answer", "408", why))?;
    if answer.status != 408 || answer.error().as_deref() != Some("invalid_request") {
        return Err(Unmet::new("answer", "408 invalid_request", format_args!("{} {}", answer.status, answer.body)));
    }
    let line =
        stand.log(side).wait_for(place, NOTICE, |line| line.is("token_refused", "detail", "body_too_slow")).await;
    line.map(drop).ok_or_else(|| Unmet::new("line in the log", "token_refused, body_too_slow", "none"))
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
#[then("every refusal had the right status and error, and said nothing of the request")]
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

#[then("the log has one line for each refusal, with its error and without its assertion")]
fn refusals_logged_once(stage: &mut Stage) -> Check {
    let battle = battle(stage)?;
    let lines = battle.lines();
    let logged = lines.iter().filter(|line| line.event() == "token_refused").map(|line| line.text("reason"));
    // Several were under way at once, and a line does not say which of them it is about.
    let (expected, logged) = (counted(battle.refused().map(|shot| shot.expected)), counted(logged));
    if expected != logged {
        return Err(Unmet::new("lines about refusals", format_args!("{expected:?}"), format_args!("{logged:?}")));
    }
    match battle.leaked() {
        0 => Ok(()),
        leaked => Err(Unmet::new("assertions in the log", 0, leaked)),
    }
}

/// How often each word is there.
fn counted<'w>(words: impl Iterator<Item = &'w str>) -> BTreeMap<&'w str, usize> {
    let mut counts = BTreeMap::new();
    words.for_each(|word| *counts.entry(word).or_default() += 1);
    counts
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
