//! Tokens are revoked, and partners notice.

use super::waiting::eventually;
use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::Client;
use crate::tester::http::{Body, Request};
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{KeySet, StatusList, StatusListClaims, UnverifiedToken, VerifiedToken};
use bridge_types::Clock;
use cucumber::{then, when};
use std::io::Write;
use std::time::Duration;

/// The largest list that is opened.
const MAX_LIST: usize = 1 << 17;

#[when(expr = "the operator of company {company} revokes that token")]
async fn operator_revokes(stage: &mut Stage, company: Side) -> Check {
    // A file that only its owner can read, and that goes when the command has ended.
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(stage.held()?.token.expose().as_bytes())?;
    let path = file.path().to_string_lossy().into_owned();
    let arguments = ["revoke", "--token-file", &path, "--reason", "lost"].map(str::to_owned);
    stage.printed = stage.stand().command(company, &arguments).await?;
    Ok(())
}

#[when(expr = "the operator of company {company} revokes everything that the key of that token has signed")]
async fn operator_revokes_the_key(stage: &mut Stage, company: Side) -> Check {
    let kid = stage.held()?.facts.kid.clone();
    let arguments = ["revoke", "--key", &kid, "--reason", "stolen"].map(str::to_owned);
    stage.printed = stage.stand().command(company, &arguments).await?;
    Ok(())
}

#[when(expr = "client {client} of company {company} asks its issuer to revoke that token")]
async fn client_revokes(stage: &mut Stage, client: Client, company: Side) -> Check {
    let stand = stage.stand();
    let assertion =
        stand.tester.assertion(company, client, &stand.plan.parties[company].issuer.url, stand.clock.now())?;
    stand.journal.asserted(&assertion);
    let mut request = Request::new(company, Part::Issuer, "POST /revoke");
    request.body = Body::Form(vec![
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
        ("client_assertion", assertion),
        ("token", stage.held()?.token.expose().to_owned()),
    ]);
    stage.answer = stand.http.send(request).await;
    Ok(())
}

#[then("the answer says that it is done")]
fn says_that_it_is_done(stage: &mut Stage) -> Check {
    expect_equal("status", &200, &stage.answer.seen.status)
}

#[then(expr = "the operator of company {company} reads that nothing was revoked: {string}")]
fn reads_that_nothing_was_revoked(stage: &mut Stage, issuer: Side, detail: String) -> Check {
    let lines = stage.stand().log(issuer).lines_since(stage.began[issuer]);
    let logged = lines.iter().rev().find(|line| line.event() == "revocation_ignored").map(|line| line.text("detail"));
    expect_equal("detail in the log of the issuer", &Some(detail.as_str()), &logged)
}

#[then(expr = "company {company} refuses {string} with {int} {string} within {int} second(s)")]
#[expect(clippy::too_many_arguments, reason = "as many as the sentence has")]
async fn refuses_soon(stage: &mut Stage, api: Side, line: String, status: u16, code: String, seconds: u32) -> Check {
    eventually(stage, Duration::from_secs(seconds.into()), async |stage| {
        let request = Request::new(api, Part::Api, &line).token(stage.held()?);
        stage.answer = stage.stand().http.send(request).await;
        let seen = &stage.answer.seen;
        if (seen.status, seen.code.as_str()) == (status, code.as_str()) {
            return Ok(());
        }
        Err(Unmet::new("answer", format_args!("{status} {code}"), format_args!("{seen:?}")))
    })
    .await
}

#[then(expr = "the status list of company {company} says that it is revoked within {int} second(s)")]
async fn list_says_so(stage: &mut Stage, company: Side, seconds: u32) -> Check {
    let keys = stage.stand().http.send(Request::new(company, Part::Issuer, "GET /jwks.json")).await;
    let (keys, _) = KeySet::parse(keys.json.to_string().as_bytes())?;
    let claims: AccessTokenClaims = verified(stage.held()?.token.expose(), &keys)?.claims()?;
    let place = claims.status.ok_or_else(|| Unmet::new("claim status", "one", "none"))?.status_list;
    let path = place.uri.to_url().path().to_owned();
    eventually(stage, Duration::from_secs(seconds.into()), async |stage| {
        let answer = stage.stand().http.send(Request::new(company, Part::Issuer, &format!("GET {path}"))).await;
        let list: StatusListClaims = verified(answer.json.as_str().unwrap_or_default(), &keys)?.claims()?;
        let list = StatusList::open(&list.status_list, MAX_LIST)?;
        expect_equal("bit of the token", &Some(true), &list.is_set(place.idx))
    })
    .await
}

fn verified(token: &str, keys: &KeySet) -> Result<VerifiedToken, Unmet> {
    let token = UnverifiedToken::parse_up_to(token, 1 << 20)?;
    let kid = token.header().key_id();
    let key = keys.find(kid).ok_or_else(|| Unmet::new("key of the issuer", kid, "none"))?;
    Ok(token.verify(key)?)
}
