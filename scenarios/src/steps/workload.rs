//! A client that has no key of its own, and the platform that it runs on.

use crate::side::Side;
use crate::stage::{Check, Stage};
use crate::stand::platform::{PodToken, UID};
use bridge_types::Clock;
use cucumber::{given, when};

#[given(expr = "the platform of company {company} has given its pod a token")]
#[when(expr = "the platform of company {company} gives its pod another token")]
fn gives_a_token(stage: &mut Stage, side: Side) -> Check {
    project(stage, side, "token", |_| {})
}

#[when(expr = "the service account of the pod of company {company} is deleted and made again")]
fn makes_the_account_again(stage: &mut Stage, side: Side) -> Check {
    project(stage, side, "token of a service account that was made again", |token| {
        "2d9c1c38-0c0b-4d4c-8c57-6b8f5e2f7a90".clone_into(&mut token.uid);
    })
}

#[when(expr = "the platform of company {company} gives its pod a token for the issuer of its partner")]
fn gives_one_for_the_partner(stage: &mut Stage, side: Side) -> Check {
    let partner = stage.stand().plan.parties[side.other()].issuer.url.clone();
    project(stage, side, "token for another issuer", |token| token.audience = partner)
}

#[when(expr = "the platform of company {company} gives its pod a token for a year")]
fn gives_one_for_a_year(stage: &mut Stage, side: Side) -> Check {
    project(stage, side, "token for a year", |token| token.expires = 365 * 86_400)
}

#[when(expr = "the platform of company {company} stops giving its pod tokens, and the last one has expired")]
fn lets_it_expire(stage: &mut Stage, side: Side) -> Check {
    project(stage, side, "token that has expired", |token| token.expires = -60)
}

fn project(stage: &mut Stage, side: Side, what: &str, change: impl FnOnce(&mut PodToken)) -> Check {
    let stand = stage.stand();
    let audience = stand.plan.parties[side].issuer.url.clone();
    let mut token = PodToken { audience, uid: UID.to_owned(), expires: 600 };
    change(&mut token);
    stand.journal.deed(stand.clock.now(), side, format!("its platform gives the pod a {what}"));
    stand.platform.project(&stand.volume(side), &token, stand.clock.now())?;
    Ok(())
}
