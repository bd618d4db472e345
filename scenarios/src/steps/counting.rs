//! Counting: who asked which issuer for tokens, and how often.

use crate::record::journal::Part;
use crate::record::log::LogLine;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::Client;
use crate::tester::http::Request;
use crate::tester::library::LibraryClient;
use cucumber::{given, then, when};
use futures_util::future::join_all;
use std::collections::HashSet;

#[given(expr = "client {client} of company {company} calls the partner through the client library with scope {string}")]
fn uses_the_library(stage: &mut Stage, client: Client, own: Side, scope: String) -> Check {
    stage.library = Some(LibraryClient::new(&stage.stand(), own, client, &scope)?);
    Ok(())
}

#[when(expr = "it calls {string} {int} times at once")]
async fn calls_at_once(stage: &mut Stage, line: String, times: usize) -> Check {
    let stand = stage.stand();
    let library = stage.library.as_ref().ok_or_else(|| Unmet::new("client", "one that uses the library", "none"))?;
    let request = Request::new(library.to(), Part::Api, &line);
    let calls = (0..times).map(|_| library.send(&stand, request.clone()));
    for answer in join_all(calls).await {
        expect_equal("status", &200, &answer?.seen.status)?;
    }
    Ok(())
}

#[then(expr = "the issuer of company {company} has issued {int} token(s) to client {word} since the scenario began")]
async fn has_issued(stage: &mut Stage, issuer: Side, expected: usize, client: String) -> Check {
    let count = |lines: &[LogLine]| lines.iter().filter(|line| line.is("token_issued", "client_id", &client)).count();
    let (stand, place) = (stage.stand(), stage.began[issuer]);
    let lines = stand.log(issuer).lines_once(place, |lines| count(lines) >= expected).await;
    expect_equal("tokens issued", &expected, &count(&lines))
}

#[then(expr = "company {company} has allowed {int} calls, all with the same token")]
async fn has_allowed(stage: &mut Stage, api: Side, expected: usize) -> Check {
    let is_allowed = |line: &&LogLine| line.is("decision", "outcome", "allow");
    let (stand, place) = (stage.stand(), stage.began[api]);
    let lines = stand.log(api).lines_once(place, |lines| lines.iter().filter(is_allowed).count() >= expected).await;
    let allowed: Vec<_> = lines.iter().filter(is_allowed).collect();
    expect_equal("calls allowed", &expected, &allowed.len())?;
    let mut tokens: Vec<_> = allowed.iter().map(|line| line.text("token")).collect();
    tokens.sort_unstable();
    tokens.dedup();
    expect_equal("different tokens", &1, &tokens.len())
}

#[then(expr = "every token that the issuer of company {company} gave in this run went to its own side")]
async fn went_to_its_own_side(stage: &mut Stage, issuer: Side) -> Check {
    let stand = stage.stand();
    let (log, company) = (stand.log(issuer).lines_since(0), stand.company(issuer).await);
    let told = |event: &'static str| log.iter().filter(move |line| line.event() == event);
    // Its own clients tell which tokens they got; the tester knows which it got as one of them.
    let mut own: HashSet<String> = told("token_obtained").map(|line| line.text("token").to_owned()).collect();
    own.extend(stand.tokens_of_commands());
    let sidecar = stand.sidecar(issuer).await.log().lines_since(0);
    own.extend(
        sidecar.iter().filter(|line| line.event() == "token_obtained").map(|line| line.text("token").to_owned()),
    );
    let elsewhere: Vec<&str> = told("token_issued")
        .filter(|line| !company.was_killed_soon_after(line.at))
        .map(|line| line.text("token"))
        .filter(|token| !own.contains(*token) && !stand.journal.has_seen(token))
        .collect();
    expect_equal("tokens that went elsewhere", &Vec::new(), &elsewhere)
}

#[then(expr = "company {company} has asked nobody but its own issuer for tokens in this run")]
fn asked_its_own_issuer_only(stage: &mut Stage, company: Side) -> Check {
    let stand = stage.stand();
    let log = stand.log(company).lines_since(0);
    let asked = log.iter().filter(|line| matches!(line.event(), "token_obtained" | "token_request_failed"));
    let issuers: HashSet<&str> = asked.map(|line| line.text("iss")).collect();
    let own = HashSet::from([stand.plan.parties[company].issuer.url.as_str()]);
    expect_equal("issuers that were asked", &own, &issuers)
}

#[then(expr = "the calls of company {company} to company {company} carried tokens of company {company}")]
async fn carried_own_tokens(stage: &mut Stage, caller: Side, api: Side, owner: Side) -> Check {
    let stand = stage.stand();
    let has = |event: &'static str| move |lines: &[LogLine]| lines.iter().any(|line| line.event() == event);
    let sent = stand.log(caller).lines_once(stage.began[caller], has("egress")).await;
    let sent: Vec<_> = sent.iter().filter(|line| line.event() == "egress").collect();
    expect_equal("calls at all", &true, &!sent.is_empty())?;
    let decided = stand.log(api).lines_once(stage.began[api], has("decision")).await;
    let issuers: HashSet<&str> = decided
        .iter()
        .filter(|line| line.event() == "decision")
        .filter(|line| sent.iter().any(|sent| sent.text("correlation_id") == line.text("correlation_id")))
        .map(|line| line.text("iss"))
        .collect();
    expect_equal("issuers of the tokens", &HashSet::from([stand.plan.parties[owner].issuer.url.as_str()]), &issuers)
}
