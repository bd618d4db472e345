//! Keys are replaced and withdrawn.

use super::waiting::eventually;
use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::stand::Stand;
use crate::tester::asking::TokenRequest;
use crate::tester::http::Request;
use crate::tester::{Client, scopes};
use bridge_types::Clock;
use cucumber::{then, when};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a client waits between two calls.
const PAUSE: Duration = Duration::from_millis(25);

/// What came of calling all the time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Load {
    calls: usize,
    failed: Vec<String>,
}

#[when(expr = "both companies replace the keys of their issuers {int} times while clients call all the time")]
async fn replace_keys_under_load(stage: &mut Stage, times: usize) -> Check {
    let stand = stage.stand();
    let over = AtomicBool::new(false);
    let rotate = async {
        let (a, b) = tokio::join!(rotate(&stand, Side::A, times), rotate(&stand, Side::B, times));
        over.store(true, Ordering::SeqCst);
        a.and(b)
    };
    let (a, b, rotated) = tokio::join!(load(&stand, Side::A, &over), load(&stand, Side::B, &over), rotate);
    rotated?;
    for (side, load) in [(Side::A, &a), (Side::B, &b)] {
        let what = format!("its clients have made {} calls, of which {} failed", load.calls, load.failed.len());
        stand.journal.deed(stand.clock.now(), side, what);
    }
    stage.load = Load { calls: a.calls + b.calls, failed: [a.failed, b.failed].concat() };
    Ok(())
}

async fn rotate(stand: &Stand, side: Side, times: usize) -> Check {
    for _ in 0..times {
        let printed = stand.command(side, &["keys", "rotate", "--wait", "90"].map(str::to_owned)).await?;
        if printed.code != Some(0) {
            return Err(Unmet::new("keys rotate", "exit code 0", format_args!("{printed:?}")));
        }
    }
    Ok(())
}

/// Calls the partner all the time, every other time with a new token.
async fn load(stand: &Stand, caller: Side, over: &AtomicBool) -> Load {
    let mut load = Load::default();
    let mut held = None;
    while !over.load(Ordering::SeqCst) {
        load.calls += 1;
        if let Err(failure) = call(stand, caller, &mut held, load.calls % 2 == 1).await {
            load.failed.push(failure.to_string());
        }
        tokio::time::sleep(PAUSE).await;
    }
    load
}

async fn call(stand: &Stand, caller: Side, held: &mut Option<crate::tester::token::Held>, anew: bool) -> Check {
    let partner = caller.other();
    if anew {
        let request = TokenRequest::new(stand, caller, Client::Tester)?;
        let request = request.resource(&stand.plan.parties[partner].api.url).scope(scopes(partner)[0]);
        let (answer, token) = request.send(stand).await;
        expect_equal("status of the token request", &200, &answer.seen.status)?;
        *held = token;
    }
    let line = if partner == Side::A { "GET /orders" } else { "GET /shipments" };
    let token = held.as_ref().ok_or_else(|| Unmet::new("token request", "a token", "none"))?;
    let answer = stand.http.send(Request::new(partner, Part::Api, line).token(token)).await;
    expect_equal("status", &200, &answer.seen.status)
}

#[then("no request has failed")]
fn no_request_has_failed(stage: &mut Stage) -> Check {
    let Load { calls, failed } = &stage.load;
    if failed.is_empty() && *calls > 0 {
        return Ok(());
    }
    Err(Unmet::new("failed calls", 0, format_args!("{} of {calls}, first {:?}", failed.len(), failed.first())))
}

#[when(expr = "the operator of company {company} revokes the key of that token")]
async fn revokes_the_key(stage: &mut Stage, company: Side) -> Check {
    let kid = stage.held()?.facts.kid.clone();
    let arguments = ["keys", "revoke", &kid, "--reason", "stolen"].map(str::to_owned);
    stage.printed = stage.stand().command(company, &arguments).await?;
    Ok(())
}

#[then(expr = "company {company} does not publish that key within {int} second(s)")]
async fn does_not_publish(stage: &mut Stage, company: Side, seconds: u32) -> Check {
    let kid = stage.held()?.facts.kid.clone();
    eventually(stage, Duration::from_secs(seconds.into()), async |stage| {
        let answer = stage.stand().http.send(Request::new(company, Part::Issuer, "GET /jwks.json")).await;
        expect_equal("the key is published", &false, &answer.json.to_string().contains(&kid))
    })
    .await
}

#[then(expr = "company {company} has a prepared key within {int} seconds")]
async fn has_a_prepared_key(stage: &mut Stage, company: Side, seconds: u32) -> Check {
    eventually(stage, Duration::from_secs(seconds.into()), async |stage| {
        let found = key_in_state(&stage.stand(), company, "prepared").await;
        expect_equal("a prepared key", &true, &found.is_some())
    })
    .await
}

#[then(expr = "company {company} signs with the same key as before")]
async fn signs_with_the_same_key(stage: &mut Stage, company: Side) -> Check {
    let before = stage.held()?.facts.kid.clone();
    expect_equal("active key", &Some(before), &key_in_state(&stage.stand(), company, "active").await)
}

#[then(expr = "company {company} signs with another key than before")]
async fn signs_with_another_key(stage: &mut Stage, company: Side) -> Check {
    // The command has seen it in the database; the company that serves looks there a moment later.
    signs_with_another_key_soon(stage, company, 2).await
}

#[then(expr = "company {company} signs with another key than before within {int} seconds")]
async fn signs_with_another_key_soon(stage: &mut Stage, company: Side, seconds: u32) -> Check {
    let before = stage.held()?.facts.kid.clone();
    eventually(stage, Duration::from_secs(seconds.into()), async |stage| {
        let active = key_in_state(&stage.stand(), company, "active").await;
        let found = active.as_ref().is_some_and(|active| *active != before);
        if found { Ok(()) } else { Err(Unmet::new("active key", "another", format_args!("{active:?}"))) }
    })
    .await
}

/// The issuer's key in a state, as the operations page shows it.
async fn key_in_state(stand: &Stand, side: Side, state: &str) -> Option<String> {
    let readiness = stand.http.readiness(side).await;
    let mut keys = readiness["own_keys"].as_array()?.iter();
    let key = keys.find(|key| key["purpose"] == "access tokens" && key["state"] == state)?;
    key["kid"].as_str().map(str::to_owned)
}
