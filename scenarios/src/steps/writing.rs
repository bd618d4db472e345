//! Clients send writes, once and again.

use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::goods;
use crate::tester::http::Request;
use cucumber::gherkin::Step;
use cucumber::{then, when};
use serde_json::Value;

#[when(expr = "it sends {string} to company {company} with the key {string} and this body")]
async fn sends(stage: &mut Stage, line: String, api: Side, key: String, step: &Step) -> Check {
    let request = request(stage, &line, api, step)?.header("Idempotency-Key", key);
    send(stage, request).await;
    Ok(())
}

#[when(expr = "it sends {string} to company {company} without a key and with this body")]
async fn sends_without_a_key(stage: &mut Stage, line: String, api: Side, step: &Step) -> Check {
    let request = request(stage, &line, api, step)?;
    send(stage, request).await;
    Ok(())
}

#[then(expr = "the answer says that this was done before")]
fn was_done_before(stage: &mut Stage) -> Check {
    expect_equal("idempotency-replayed", &"true", &stage.answer.header("idempotency-replayed"))
}

#[then("it is the same answer as before")]
fn same_as_before(stage: &mut Stage) -> Check {
    let before = stage.answered_before.as_ref().map(|answer| &answer.json["id"]);
    expect_equal("id", &before, &Some(&stage.answer.json["id"]))
}

#[then(expr = "company {company} rejects the request with {int} {string}")]
fn rejects(stage: &mut Stage, api: Side, status: u16, code: String) -> Check {
    expect_equal("who answered", &stage.asked_of, &Some(api))?;
    let seen = &stage.answer.seen;
    if (seen.status, seen.code.as_str()) == (status, code.as_str()) {
        return expect_equal("content-type", &"application/problem+json", &stage.answer.header("content-type"));
    }
    Err(Unmet::new("answer", format_args!("{status} {code}"), format_args!("{seen:?}")))
}

/// The request of a step, with the order of the scenario and the customer's address filled in.
fn request(stage: &Stage, line: &str, api: Side, step: &Step) -> Result<Request, Unmet> {
    let order = stage.order.as_ref().and_then(|order| order["id"].as_str()).unwrap_or_default();
    let fill = |text: &str| text.replace("{order}", order).replace("{address}", &goods::address().to_string());
    let body: Value = serde_json::from_str(&fill(step.docstring.as_deref().unwrap_or_default()))?;
    Ok(Request::new(api, Part::Api, &fill(line)).token(stage.held()?).json(body))
}

async fn send(stage: &mut Stage, request: Request) {
    stage.asked_of = Some(request.to);
    let answer = stage.stand().http.send(request).await;
    stage.answered_before = Some(std::mem::replace(&mut stage.answer, answer));
}
