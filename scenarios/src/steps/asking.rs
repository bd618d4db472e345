//! Clients ask their own issuer for tokens.

use crate::record::log::LogLine;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::Client;
use crate::tester::asking::TokenRequest;
use cucumber::{given, then, when};

#[given(expr = "client {client} of company {company} holds a token for company {company} with scope {string}")]
async fn holds_a_token(stage: &mut Stage, client: Client, own: Side, audience: Side, scope: String) -> Check {
    asks_for_a_token(stage, client, own, audience, scope).await?;
    let seen = &stage.answer.seen;
    stage.held.as_ref().map(drop).ok_or_else(|| Unmet::new("token request", "a token", format_args!("{seen:?}")))
}

#[when(
    expr = "client {client} of company {company} asks its issuer for a token for company {company} with scope {string}"
)]
async fn asks_for_a_token(stage: &mut Stage, client: Client, own: Side, audience: Side, scope: String) -> Check {
    let stand = stage.stand();
    let request = TokenRequest::new(&stand, own, client)?;
    send(stage, request.resource(&stand.plan.parties[audience].api.url).scope(&scope)).await;
    Ok(())
}

#[when(expr = "client {client} of company {company} asks its issuer for a token for {string} with scope {string}")]
async fn asks_for_another_audience(stage: &mut Stage, client: Client, own: Side, url: String, scope: String) -> Check {
    let request = TokenRequest::new(&stage.stand(), own, client)?;
    send(stage, request.resource(&url).scope(&scope)).await;
    Ok(())
}

#[when(expr = "client {client} of company {company} asks its issuer for a token for company {company} without a scope")]
async fn asks_without_a_scope(stage: &mut Stage, client: Client, own: Side, audience: Side) -> Check {
    let stand = stage.stand();
    let request = TokenRequest::new(&stand, own, client)?;
    send(stage, request.resource(&stand.plan.parties[audience].api.url)).await;
    Ok(())
}

#[when(
    expr = "client {client} of company {company} asks its issuer for one token for both companies with scope {string}"
)]
async fn asks_for_two_audiences(stage: &mut Stage, client: Client, own: Side, scope: String) -> Check {
    let stand = stage.stand();
    let urls = [own, own.other()].map(|side| stand.plan.parties[side].api.url.clone());
    let request = TokenRequest::new(&stand, own, client)?.resource(&urls[0]).resource(&urls[1]).scope(&scope);
    send(stage, request).await;
    Ok(())
}

#[when(expr = "somebody sends the same token request again")]
async fn sends_it_again(stage: &mut Stage) -> Check {
    let request = stage.asked.clone().ok_or_else(|| Unmet::new("token request", "one before", "none"))?;
    send(stage, request).await;
    Ok(())
}

#[then(expr = "the issuer of company {company} gives a token")]
fn gives_a_token(stage: &mut Stage, issuer: Side) -> Check {
    expect_equal("status", &200, &stage.answer.seen.status)?;
    let cache_control = stage.answer.header("cache-control");
    expect_equal("cache-control", &"no-store", &cache_control)?;
    let url = &stage.stand().plan.parties[issuer].issuer.url;
    expect_equal("issuer of the token", url, &stage.held()?.facts.iss)
}

#[then(expr = "the issuer of company {company} refuses with {int} {string}")]
async fn refuses_to_issue(stage: &mut Stage, issuer: Side, status: u16, error: String) -> Check {
    let seen = &stage.answer.seen;
    expect_equal("status", &status, &seen.status)?;
    expect_equal("error", &error, &seen.code)?;
    expect_equal("a token given", &false, &stage.held.is_some())?;
    let logged = refusal_in_the_log(stage, issuer, "reason", &error).await;
    expect_equal("reason in the log of the issuer", &Some(error), &logged)
}

#[then(expr = "the operator of company {company} reads the detail {string}")]
async fn operator_reads_the_detail(stage: &mut Stage, issuer: Side, detail: String) -> Check {
    let logged = refusal_in_the_log(stage, issuer, "detail", &detail).await;
    expect_equal("detail in the log of the issuer", &Some(detail), &logged)
}

/// What the last line about a refusal says in a field, once that is what is expected.
async fn refusal_in_the_log(stage: &Stage, issuer: Side, field: &str, expected: &str) -> Option<String> {
    let last = |lines: &[LogLine]| {
        let refusal = lines.iter().rev().find(|line| line.event() == "token_refused");
        refusal.map(|line| line.text(field).to_owned())
    };
    let (stand, place) = (stage.stand(), stage.began[issuer]);
    last(&stand.log(issuer).lines_once(place, |lines| last(lines).as_deref() == Some(expected)).await)
}

/// Sends a request, and keeps it for sending it again.
async fn send(stage: &mut Stage, request: TokenRequest) {
    stage.asked = Some(request.clone());
    (stage.answer, stage.held) = request.send(&stage.stand()).await;
}
