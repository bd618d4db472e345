//! The lines over which a company reaches its partner are cut, broken and mended.

use crate::side::Side;
use crate::stage::{Check, Stage, expect_equal};
use crate::stand::gateway::{Endpoints, Fault, Gateway};
use bridge_types::Clock;
use cucumber::{given, then, when};

#[given(expr = "company {company} cannot reach the issuer of company {company}")]
#[when(expr = "company {company} cannot reach the issuer of company {company}")]
fn cannot_reach(stage: &mut Stage, caller: Side, issuer: Side) {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), caller, format!("is cut off issuer {issuer}"));
    stand.line(issuer).cut();
    stage.attempts[issuer] = stand.line(issuer).attempts();
}

#[when(expr = "company {company} can reach the issuer of company {company} again")]
fn can_reach_again(stage: &mut Stage, caller: Side, issuer: Side) {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), caller, format!("reaches issuer {issuer} again"));
    stand.line(issuer).mend();
    stage.gateway = None;
}

#[given(expr = "company {company} cannot reach the API of company {company}")]
fn cannot_reach_the_api(stage: &mut Stage, caller: Side, api: Side) {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), caller, format!("is cut off API {api}"));
    stand.api_line(api).cut();
}

#[when(expr = "company {company} can reach the API of company {company} again")]
fn can_reach_the_api_again(stage: &mut Stage, caller: Side, api: Side) {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), caller, format!("reaches API {api} again"));
    stand.api_line(api).mend();
}

#[given(expr = "to company {company} the {endpoints} of company {company} are {fault}")]
fn are_broken(stage: &mut Stage, caller: Side, broken: Endpoints, issuer: Side, fault: Fault) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), caller, format!("finds {broken:?} of issuer {issuer} {fault:?}"));
    let gateway = Gateway::start(&stand, issuer, broken, fault)?;
    stand.line(issuer).divert(gateway.address);
    stage.gateway = Some(gateway);
    Ok(())
}

#[then(expr = "company {company} has not even tried to reach the issuer of company {company}")]
fn has_not_tried(stage: &mut Stage, caller: Side, issuer: Side) -> Check {
    expect_equal("who uses that line", &issuer.other(), &caller)?;
    let attempts = stage.stand().line(issuer).attempts() - stage.attempts[issuer];
    expect_equal("connections over the line since it was cut", &0, &attempts)
}

#[then("nobody has asked the untrusted issuer for its keys")]
fn nobody_asked_the_stranger(stage: &mut Stage) -> Check {
    expect_equal("connections to the untrusted issuer", &0, &stage.stand().stranger().attempts())
}
