//! Clients call a company's API with the token that they hold.

use super::waiting::eventually;
use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::http::Request;
use cucumber::{then, when};
use std::time::Duration;

#[when(expr = "it calls {string} at company {company}")]
async fn calls(stage: &mut Stage, line: String, api: Side) -> Check {
    let request = Request::new(api, Part::Api, &line).token(stage.held()?);
    stage.answer = stage.stand().http.send(request).await;
    Ok(())
}

#[when(expr = "it calls {string} at company {company} and waits for half a second at most")]
async fn calls_in_a_hurry(stage: &mut Stage, line: String, api: Side) -> Check {
    let hurried = tokio::time::timeout(Duration::from_millis(500), calls(stage, line, api));
    hurried.await.map_err(|_| Unmet::new("answer", "one within half a second", "none"))?
}

#[when(expr = "somebody calls {string} at company {company} without a token")]
async fn calls_without_a_token(stage: &mut Stage, line: String, api: Side) {
    stage.answer = stage.stand().http.send(Request::new(api, Part::Api, &line)).await;
}

#[when(expr = "it calls {string} at company {company} with the token in the query")]
async fn calls_with_the_token_in_the_query(stage: &mut Stage, line: String, api: Side) -> Check {
    let held = stage.held()?;
    let mut request = Request::new(api, Part::Api, &line);
    // The path that is written down must not have the token, so it travels beside it.
    request.query = Some(("access_token", held.token.clone()));
    stage.answer = stage.stand().http.send(request).await;
    Ok(())
}

#[when(expr = "it calls {string} at company {company} with two Authorization headers")]
async fn calls_with_two_headers(stage: &mut Stage, line: String, api: Side) -> Check {
    let held = stage.held()?;
    let request = Request::new(api, Part::Api, &line).token(held).header("authorization", "Basic dGVzdDp0ZXN0");
    stage.answer = stage.stand().http.send(request).await;
    Ok(())
}

#[then(expr = "company {company} answers {string} with {int} within {int} seconds")]
async fn answers_soon(stage: &mut Stage, api: Side, line: String, status: u16, seconds: u32) -> Check {
    let answered = eventually(stage, Duration::from_secs(seconds.into()), async |stage| {
        let request = Request::new(api, Part::Api, &line).token(stage.held()?);
        stage.answer = stage.stand().http.send(request).await;
        expect_equal("status", &status, &stage.answer.seen.status)
    });
    answered.await
}
