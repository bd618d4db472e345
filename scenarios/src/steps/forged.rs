//! Tokens that the tester makes itself, with the keys of an issuer that both companies trust: valid but for one thing.

use crate::side::Side;
use crate::stage::{Check, Stage, Unmet};
use crate::stand::Stand;
use crate::tester::forge::Draft;
use crate::tester::scopes;
use crate::tester::token::Held;
use bridge_types::Clock;
use cucumber::given;

#[given(expr = "a valid token of the tester's own issuer for company {company}")]
fn a_valid_token(stage: &mut Stage, api: Side) -> Check {
    let stand = stage.stand();
    let draft = draft(&stand, api);
    hold(stage, draft)
}

#[given(expr = "a token of the tester's own issuer for company {company}, but {string}")]
fn a_token_with_a_defect(stage: &mut Stage, api: Side, defect: String) -> Check {
    let stand = stage.stand();
    let spoilt = stand.tester.spoil(draft(&stand, api), &defect);
    let spoilt = spoilt.ok_or_else(|| Unmet::new("defect", "one that the tester can make", &defect))?;
    hold(stage, spoilt)
}

#[given(expr = "a token for company {company} of an issuer that nobody trusts")]
fn a_strangers_token(stage: &mut Stage, api: Side) -> Check {
    let stand = stage.stand();
    let draft = draft(&stand, api).claim("iss", stand.plan.stranger_issuer()).signed_with(stand.tester.strangers_key());
    hold(stage, draft)
}

#[given(expr = "a token for company {company} in the name of company {company}, signed by the tester's own issuer")]
fn a_token_in_another_name(stage: &mut Stage, api: Side, pretended: Side) -> Check {
    let stand = stage.stand();
    let draft = draft(&stand, api).claim("iss", stand.plan.parties[pretended].issuer.url.as_str());
    hold(stage, draft)
}

pub(super) fn draft(stand: &Stand, api: Side) -> Draft<'_> {
    stand.tester.draft(&stand.plan.parties[api].api.url, scopes(api)[0], stand.clock.now())
}

pub(super) fn hold(stage: &mut Stage, draft: Draft<'_>) -> Check {
    let token = draft.finish()?;
    stage.stand().journal.saw(&token);
    stage.held = Some(Held::from(token));
    Ok(())
}
