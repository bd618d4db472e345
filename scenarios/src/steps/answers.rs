//! What an API answers, what the caller can read in it, and what its operator reads in the log.

use crate::record::journal::Seen;
use crate::record::log::LogLine;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use cucumber::then;

#[then(expr = "company {company} answers {int}")]
async fn answers(stage: &mut Stage, api: Side, status: u16) -> Check {
    let seen = &stage.answer.seen;
    if seen.status != status {
        return Err(Unmet::new("answer", status, format_args!("{seen:?}")));
    }
    expect_equal("outcome in the log", &"allow", &decision(stage, api).await?.text("outcome"))
}

#[then(expr = "company {company} refuses with {int} {string}")]
async fn refuses(stage: &mut Stage, api: Side, status: u16, code: String) -> Check {
    let seen = &stage.answer.seen;
    if (seen.status, seen.code.as_str()) != (status, code.as_str()) {
        return Err(Unmet::new("answer", format_args!("{status} {code}"), format_args!("{seen:?}")));
    }
    expect_equal("content-type", &"application/problem+json", &stage.answer.header("content-type"))?;
    let told = stage.answer.json.get("correlation_id").and_then(|id| id.as_str());
    expect_equal("correlation id in the problem", &Some(seen.correlation_id.as_str()), &told)?;
    expect_challenge(seen, &code)?;
    let line = decision(stage, api).await?;
    expect_equal("outcome in the log", &"deny", &line.text("outcome"))?;
    expect_equal("reason in the log", &code.as_str(), &line.text("reason"))
}

#[then(expr = "the challenge names the scope {string}")]
fn challenge_names_the_scope(stage: &mut Stage, scope: String) -> Check {
    let challenge = &stage.answer.seen.challenge;
    let expected = format!("scope=\"{scope}\"");
    if challenge.contains(&expected) { Ok(()) } else { Err(Unmet::new("challenge", expected, challenge)) }
}

#[then(expr = "the answer says when to try again")]
fn says_when_to_try_again(stage: &mut Stage) -> Check {
    let retry_after = stage.answer.header("retry-after");
    if retry_after.parse::<u32>().is_ok() { Ok(()) } else { Err(Unmet::new("retry-after", "seconds", retry_after)) }
}

/// The line in which the operator of the API reads about the last answer.
async fn decision(stage: &Stage, api: Side) -> Result<LogLine, Unmet> {
    let correlation_id = stage.answer.seen.correlation_id.as_str();
    let is_it = |line: &LogLine| line.is("decision", "correlation_id", correlation_id);
    let (stand, place) = (stage.stand(), stage.began[api]);
    let lines = stand.log(api).lines_once(place, |lines| lines.iter().any(is_it)).await;
    let found = lines.into_iter().find(is_it);
    found.ok_or_else(|| Unmet::new("log", format_args!("the decision {correlation_id}"), "none"))
}

/// RFC 6750 §3: a challenge where other credentials would help, and none where only the operator can.
fn expect_challenge(seen: &Seen, code: &str) -> Check {
    let error = match (seen.status, code) {
        (401, "token_missing") => "",
        (401, _) => "error=\"invalid_token\"",
        (400, _) => "error=\"invalid_request\"",
        (403, "insufficient_scope") => "error=\"insufficient_scope\"",
        _ => return expect_equal("challenge", &"", &seen.challenge.as_str()),
    };
    let named = if error.is_empty() { !seen.challenge.contains("error=") } else { seen.challenge.contains(error) };
    let right = seen.challenge.starts_with("Bearer ") && seen.challenge.contains("resource_metadata=") && named;
    if right { Ok(()) } else { Err(Unmet::new("challenge", format_args!("Bearer, {error}"), &seen.challenge)) }
}
