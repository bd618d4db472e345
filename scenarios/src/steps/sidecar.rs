//! An application without credentials calls the partner through its sidecar.

use super::secrets::looks_like_a_token;
use super::waiting::eventually;
use crate::record::log::LogLine;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::stand::Stand;
use crate::tester::APPLICATION;
use crate::tester::application::Application;
use crate::tester::token::Held;
use bridge_types::{AccessToken, Clock};
use cucumber::{given, then, when};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a sidecar may take to notice something.
const NOTICE: Duration = Duration::from_secs(5);

#[given(expr = "the sidecar of company {company} serves")]
async fn serves(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), side, "starts its sidecar");
    stand.sidecar(side).await.start().await?;
    if !stand.company(side).await.runs() {
        return Ok(());
    }
    // It gets a token for its file by itself. Were it stopped before that token arrives, the token would have been issued
    // and nobody would say that they got it, which is what the last scenarios look for.
    let file = stand.sidecar(side).await.token_file();
    eventually(stage, NOTICE, async |_| expect_equal("the token file is there", &true, &file.exists())).await
}

#[when(expr = "an application of company {company} calls {string} through the sidecar")]
async fn calls(stage: &mut Stage, side: Side, line: String) -> Check {
    let application = application(&stage.stand(), side).await?;
    call(stage, side, &application, &line).await
}

#[when(expr = "an application of company {company} calls {string} through the sidecar with the caller key {string}")]
async fn calls_with(stage: &mut Stage, side: Side, line: String, key: String) -> Check {
    let mut application = application(&stage.stand(), side).await?;
    application.key = Some(key).filter(|key| !key.is_empty());
    call(stage, side, &application, &line).await
}

#[when(expr = "the sidecar of company {company} is told to stop while an application calls {string}")]
async fn is_told_to_stop(stage: &mut Stage, side: Side, line: String) -> Check {
    let stand = stage.stand();
    let application = application(&stand, side).await?;
    let under_way = application.begin(&line).await?;
    stand.sidecar(side).await.terminate();
    stand.journal.deed(stand.clock.now(), side, "tells its sidecar to stop");
    eventually(stage, NOTICE, async |_| {
        let open = TcpStream::connect(application.sidecar).await.is_ok();
        expect_equal("the sidecar takes new connections", &false, &open)
    })
    .await?;
    stage.answer = under_way.finish().await?;
    Ok(())
}

#[when(expr = "the sidecar of company {company} is stopped")]
#[then(expr = "the sidecar of company {company} ends in good order and leaves no file behind")]
async fn ends(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    let mut sidecar = stand.sidecar(side).await;
    let ended = sidecar.stop().await;
    expect_equal("exit code after SIGTERM", &Some(Some(0)), &ended.map(|status| status.code()))?;
    expect_equal("files left behind", &Vec::new(), &sidecar.left_behind())
}

#[then(expr = "the sidecar refuses with {int} {string}")]
fn refuses(stage: &mut Stage, status: u16, code: String) -> Check {
    let (seen, problem) = (&stage.answer.seen, &stage.answer.json);
    if (seen.status, seen.code.as_str()) != (status, code.as_str()) {
        return Err(Unmet::new("answer", format_args!("{status} {code}"), format_args!("{seen:?}")));
    }
    expect_equal("content-type", &"application/problem+json", &stage.answer.header("content-type"))?;
    let by_whom = stage.answer.header("proxy-status").starts_with("bridge-sidecar; error=");
    expect_equal("the sidecar says that it answered", &true, &by_whom)?;
    expect_equal("partner_may_have_acted", &Some(false), &problem["partner_may_have_acted"].as_bool())
}

#[then(expr = "company {company} has seen no request of that application")]
fn has_seen_none(stage: &mut Stage, api: Side) -> Check {
    let lines = stage.stand().log(api).lines_since(stage.began[api]);
    let theirs = |line: &&LogLine| line.is("decision", "client_id", APPLICATION);
    expect_equal("decisions about it", &0, &lines.iter().filter(theirs).count())
}

#[then(expr = "company {company} knows it as client {word}")]
fn knows_it_as(stage: &mut Stage, api: Side, client: String) -> Check {
    let lines = stage.stand().log(api).lines_since(stage.began[api]);
    let correlation_id = &stage.answer.seen.correlation_id;
    let decision = lines.iter().find(|line| line.is("decision", "correlation_id", correlation_id));
    expect_equal("client in the decision", &Some(client.as_str()), &decision.map(|line| line.text("client_id")))
}

#[then(expr = "an application of company {company} gets {int} for {string} through the sidecar within {int} seconds")]
async fn gets_soon(stage: &mut Stage, side: Side, status: u16, line: String, seconds: u32) -> Check {
    let application = application(&stage.stand(), side).await?;
    eventually(stage, Duration::from_secs(seconds.into()), async |stage| {
        call(stage, side, &application, &line).await?;
        expect_equal("status", &status, &stage.answer.seen.status)
    })
    .await
}

#[given(expr = "an application of company {company} has read the token file of its sidecar")]
#[then(expr = "the token file of company {company} holds another token, for its owner alone")]
async fn reads_the_token_file(stage: &mut Stage, side: Side) -> Check {
    let before = stage.held.take().map(|held| held.facts.fingerprint);
    let file = stage.stand().sidecar(side).await.token_file();
    let held = eventually(stage, NOTICE, async |_| {
        let held = Held::from(AccessToken::new(std::fs::read_to_string(&file)?));
        let renewed = before.as_ref() != Some(&held.facts.fingerprint);
        expect_equal("another token than before", &true, &renewed).map(|()| held)
    })
    .await?;
    stage.stand().journal.saw(&held.token);
    stage.held = Some(held);
    let mode = std::fs::metadata(&file)?.permissions().mode() & 0o7777;
    expect_equal("mode of the token file", &0o600, &mode)
}

#[then(expr = "nothing secret stands in the log of the sidecar of company {company}")]
async fn nothing_secret(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    let sidecar = stand.sidecar(side).await;
    let log = sidecar.log().text_since(0);
    expect_equal("it is at trace level", &true, &log.contains("\"level\":\"TRACE\""))?;
    expect_equal("tokens in the log", &Vec::new(), &stand.journal.tokens_in(&log))?;
    expect_equal("something like a token in the log", &false, &log.lines().any(looks_like_a_token))?;
    let key = sidecar.door().is_some_and(|(_, key)| log.contains(&key));
    expect_equal("the caller key in the log", &false, &key)
}

/// The application beside a sidecar that runs.
async fn application(stand: &Stand, side: Side) -> Result<Application, Unmet> {
    let door = stand.sidecar(side).await.door();
    let (sidecar, key) = door.ok_or_else(|| Unmet::new("sidecar", "one that serves", "none"))?;
    Ok(Application { sidecar, key: Some(key) })
}

async fn call(stage: &mut Stage, side: Side, application: &Application, line: &str) -> Check {
    let stand = stage.stand();
    stage.answer = application.call(line).await?;
    let told = format!("calls {line} through its sidecar: {}", stage.answer.seen.status);
    stand.journal.deed(stand.clock.now(), side, told);
    Ok(())
}
