//! Operators use the command line and the operations pages.

use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::command::CommandCall;
use crate::tester::http::Request;
use cucumber::{then, when};

#[when(expr = "the operator of company {company} calls {string} at its partner as client {word} from the command line")]
async fn calls(stage: &mut Stage, company: Side, line: String, client: String) -> Check {
    call(stage, company, &line, &client, &[]).await
}

#[when(
    expr = "the operator of company {company} calls {string} at its partner as client {word} with scope {string} only"
)]
async fn calls_with_scope(stage: &mut Stage, company: Side, line: String, client: String, scope: String) -> Check {
    call(stage, company, &line, &client, &["--scope", &scope]).await
}

async fn call(stage: &mut Stage, company: Side, line: &str, client: &str, more: &[&str]) -> Check {
    let request = Request::new(company.other(), Part::Api, line);
    let more = more.iter().map(|&argument| argument.to_owned()).collect();
    (stage.answer, stage.printed) = stage.stand().call(CommandCall { company, client, request, more }).await?;
    Ok(())
}

#[when(expr = "the operator of company {company} runs {string}")]
async fn runs(stage: &mut Stage, company: Side, command: String) -> Check {
    let arguments: Vec<String> = command.split(' ').map(str::to_owned).collect();
    stage.printed = stage.stand().command(company, &arguments).await?;
    Ok(())
}

#[then(expr = "the command ends with {int}")]
fn ends_with(stage: &mut Stage, code: i32) -> Check {
    let printed = &stage.printed;
    if printed.code == Some(code) { Ok(()) } else { Err(Unmet::new("exit code", code, format_args!("{printed:?}"))) }
}

#[then(expr = "it has printed {string}")]
fn has_printed(stage: &mut Stage, text: String) -> Check {
    let printed = &stage.printed;
    let found = printed.output.contains(&text) || printed.errors.contains(&text);
    if found { Ok(()) } else { Err(Unmet::new("output", text, format_args!("{printed:?}"))) }
}

#[then("it has printed no token")]
fn has_printed_no_token(stage: &mut Stage) -> Check {
    let printed = format!("{}{}", stage.printed.output, stage.printed.errors);
    expect_equal("something like a token in the output", &false, &super::secrets::looks_like_a_token(&printed))
}

#[then(expr = "company {company} has counted a decision about partner {word} with the reason {string}")]
async fn has_counted(stage: &mut Stage, company: Side, partner: String, reason: String) -> Check {
    let answer = stage.stand().http.send(Request::new(company, Part::Operations, "GET /metrics")).await;
    let page = answer.json.as_str().unwrap_or_default();
    let labels = [format!("partner=\"{partner}\""), format!("reason=\"{reason}\"")];
    let counted =
        |line: &str| line.starts_with("bridge_decisions_total{") && labels.iter().all(|label| line.contains(label));
    if page.lines().any(counted) { Ok(()) } else { Err(Unmet::new("metrics", labels.join(" "), "no such line")) }
}
