//! The line over which a company reaches the issuer of its partner is cut and mended.

use crate::side::Side;
use crate::stage::{Check, Stage, expect_equal};
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
