//! Status lists come late, end, and come back.

use super::forged::{draft, hold};
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet};
use crate::stand::CA_FILE;
use crate::tester::lists::Lists;
use bridge_types::Clock;
use cucumber::{given, when};
use serde_json::json;
use toml::Value;

/// The setting after how long partners fetch a company's lists again.
const TTL: &str = "BRIDGE__ISSUER__STATUS_LIST_TTL";

#[given(expr = "company {company} lets its status lists be fetched every {int} seconds")]
async fn are_fetched_often(stage: &mut Stage, issuer: Side, seconds: u32) -> Check {
    let stand = stage.stand();
    stand.journal.deed(stand.clock.now(), issuer, format!("starts anew with lists for {seconds} s"));
    // The partner starts anew, too: it would renew the list that it has at its own time.
    for side in Side::BOTH {
        let mut company = stand.company(side).await;
        if side == issuer {
            company.override_setting(TTL, format!("{seconds}s"));
        }
        company.stop().await;
    }
    Ok(stand.start().await?)
}

#[given(expr = "the tester's own issuer gives company {company} a status list that is good for {int} seconds")]
async fn gives_a_list(stage: &mut Stage, api: Side, seconds: i64) -> Check {
    let stand = stage.stand();
    let lists = Lists::start(&stand, api)?;
    lists.publish(&stand.tester, stand.clock.now(), seconds)?;
    let policy = stand.policy(api, "tester");
    let place = stand.log(api).end();
    let hosts: Vec<Value> = vec![lists.uri.host().into()];
    stand.edited().await.edit(&policy, |table| {
        table.insert("ca_file".to_owned(), CA_FILE.into());
        table.insert("status_list_hosts".to_owned(), hosts.into());
    })?;
    stand.policy_event(&policy, place, "policy_loaded").await?;
    stage.lists = Some(lists);
    Ok(())
}

#[given(expr = "a token of the tester's own issuer for company {company} that stands in that list")]
fn a_token_in_the_list(stage: &mut Stage, api: Side) -> Check {
    let stand = stage.stand();
    let status = json!({ "status_list": { "idx": 7, "uri": lists(stage)?.uri.as_str() } });
    let draft = draft(&stand, api).claim("status", status);
    hold(stage, draft)
}

#[when("that list cannot be had any more")]
fn is_taken_down(stage: &mut Stage) -> Check {
    lists(stage)?.take_down();
    Ok(())
}

#[when(expr = "the tester's own issuer publishes that list anew for {int} seconds")]
fn is_published_anew(stage: &mut Stage, seconds: i64) -> Check {
    let stand = stage.stand();
    lists(stage)?.publish(&stand.tester, stand.clock.now(), seconds)
}

fn lists(stage: &Stage) -> Result<&Lists, Unmet> {
    stage.lists.as_ref().ok_or_else(|| Unmet::new("status list of the tester", "one that a step has made", "none"))
}
