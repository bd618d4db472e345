//! The tester's own issuer tells companies of revocations: once, twice, in another order, and of what is not its own.

use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::event::Word;
use crate::tester::http::{Body, Request};
use crate::tester::{Client, TESTER_ISSUER};
use bridge_jose::EventSubject;
use bridge_types::Clock;
use cucumber::{then, when};
use jiff::SignedDuration;

#[when(expr = "the tester's own issuer tells company {company} that it has revoked that token")]
async fn tells_of_the_token(stage: &mut Stage, api: Side) -> Check {
    let subject = that_token(stage)?;
    tell(stage, api, TESTER_ISSUER, subject, 0).await
}

#[when(
    expr = "the tester's own issuer tells company {company}, in the name of company {company}, that that token is revoked"
)]
async fn tells_in_another_name(stage: &mut Stage, api: Side, pretended: Side) -> Check {
    let subject = that_token(stage)?;
    let issuer = stage.stand().plan.parties[pretended].issuer.url.clone();
    tell(stage, api, &issuer, subject, 0).await
}

#[when(
    expr = "the tester's own issuer tells company {company} that it has revoked what its client had {int} second(s) ago"
)]
async fn tells_of_the_client(stage: &mut Stage, api: Side, ago: i64) -> Check {
    let subject = EventSubject::Client { client: Client::Tester.id().parse()? };
    tell(stage, api, TESTER_ISSUER, subject, ago).await
}

#[when(expr = "the same event comes to company {company} once more")]
async fn comes_once_more(stage: &mut Stage, api: Side) -> Check {
    let event = stage.event.clone().ok_or_else(|| Unmet::new("security event", "one before", "none"))?;
    send(stage, api, event).await
}

#[when(expr = "the same event comes to company {company} without a token")]
async fn comes_without_a_token(stage: &mut Stage, api: Side) -> Check {
    let mut request = Request::new(api, Part::Api, "POST /bridge/events");
    request.body = Body::Event(stage.event.clone().unwrap_or_default());
    stage.answer = stage.stand().http.send(request).await;
    Ok(())
}

#[then(expr = "company {company} acknowledges the event")]
fn acknowledges(stage: &mut Stage, api: Side) -> Check {
    expect_equal(&format!("status at company {api}"), &202, &stage.answer.seen.status)
}

#[then(expr = "company {company} refuses the event with {int} {string}")]
fn refuses(stage: &mut Stage, api: Side, status: u16, code: String) -> Check {
    let seen = &stage.answer.seen;
    expect_equal(&format!("answer of company {api}"), &(status, code.as_str()), &(seen.status, seen.code.as_str()))
}

fn that_token(stage: &Stage) -> Result<EventSubject, Unmet> {
    Ok(EventSubject::Token { jti: stage.held()?.jti().parse()?, status: None })
}

async fn tell(stage: &mut Stage, api: Side, issuer: &str, subject: EventSubject, ago: i64) -> Check {
    let stand = stage.stand();
    let now = stand.clock.now();
    let happened = now.saturating_sub(SignedDuration::from_secs(ago))?;
    let word = Word { audience: &stand.plan.parties[api].api.url, issuer, subject, happened };
    let event = stand.tester.event(&word, now)?;
    stage.event = Some(event.clone());
    send(stage, api, event).await
}

async fn send(stage: &mut Stage, api: Side, event: String) -> Check {
    let stand = stage.stand();
    let token = stand.tester.agent_token(&stand.plan.parties[api].api.url, stand.clock.now())?;
    stand.journal.saw(&token.token);
    let mut request = Request::new(api, Part::Api, "POST /bridge/events").token(&token);
    request.body = Body::Event(event);
    stage.answer = stand.http.send(request).await;
    Ok(())
}
