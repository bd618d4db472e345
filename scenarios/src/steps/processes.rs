//! Companies are stopped, killed and started.

use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::http::Request;
use bridge_types::Clock;
use cucumber::{given, then, when};

#[given("both companies are stopped")]
async fn both_stop(stage: &mut Stage) -> Check {
    stops(stage, Side::A).await?;
    stops(stage, Side::B).await
}

#[given(expr = "company {company} is stopped")]
#[when(expr = "company {company} is stopped")]
async fn stops(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), side, "is stopped");
    let ended = stand.company(side).await.stop().await;
    // A company that drains ends with 0; any other end would be a crash or a hang.
    expect_equal("exit code after SIGTERM", &Some(Some(0)), &ended.map(|status| status.code()))
}

#[when(expr = "company {company} is killed")]
async fn is_killed(stage: &mut Stage, side: Side) {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), side, "is killed");
    stand.company(side).await.kill().await;
}

#[when(expr = "company {company} starts")]
#[when(expr = "company {company} starts again")]
async fn starts(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), side, "starts");
    Ok(stand.company(side).await.start().await?)
}

#[then(expr = "company {company} serves")]
async fn serves(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    for page in ["GET /livez", "GET /readyz"] {
        let answer = stand.http.send(Request::new(side, Part::Operations, page)).await;
        if answer.seen.status != 200 {
            return Err(Unmet::new(page, 200, format_args!("{:?} {}", answer.seen, answer.json)));
        }
    }
    Ok(())
}

#[then(expr = "nobody answers at company {company}")]
async fn nobody_answers(stage: &mut Stage, side: Side) -> Check {
    let answer = stage.stand().http.send(Request::new(side, Part::Api, "GET /openapi.json")).await;
    expect_equal("status", &0, &answer.seen.status)
}
