//! Operators edit the trust policy for a partner while the company runs.

use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::stand::Stand;
use crate::stand::policy::Policy;
use crate::tester::http::Request;
use bridge_types::Clock;
use cucumber::{given, then, when};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use std::time::Duration;
use toml::value::Datetime;
use toml::{Table, Value};

#[given(expr = "company {company} disables its partner company {company}")]
#[when(expr = "company {company} disables its partner company {company}")]
async fn disables(stage: &mut Stage, holder: Side, partner: Side) -> Check {
    edit(stage, holder, partner, "disables the partner", |table| set(table, "enabled", false)).await
}

#[when(expr = "company {company} enables its partner company {company} again")]
async fn enables(stage: &mut Stage, holder: Side, partner: Side) -> Check {
    edit(stage, holder, partner, "enables the partner", |table| set(table, "enabled", true)).await
}

#[when(expr = "the trust of company {company} in company {company} ended yesterday")]
async fn ended(stage: &mut Stage, holder: Side, partner: Side) -> Check {
    let today = stage.stand().clock.now().to_zoned(TimeZone::UTC).date();
    let yesterday: Datetime = today.saturating_sub(1.day()).to_string().parse()?;
    edit(stage, holder, partner, "ends its trust", |table| set(table, "valid_until", yesterday)).await
}

#[when(expr = "company {company} takes the scope {string} from the tester's client of company {company}")]
async fn lowers_the_ceiling(stage: &mut Stage, holder: Side, scope: String, partner: Side) -> Check {
    let lower = |table: &mut Table| {
        let scopes = table.get_mut("clients").and_then(|clients| clients.get_mut("tester")?.get_mut("scopes"));
        if let Some(Value::Array(scopes)) = scopes {
            scopes.retain(|known| known.as_str() != Some(scope.as_str()));
        }
    };
    edit(stage, holder, partner, "lowers the ceiling", lower).await
}

#[when(expr = "company {company} saves a broken policy for its partner company {company}")]
async fn breaks(stage: &mut Stage, holder: Side, partner: Side) -> Check {
    let stand = stage.stand();
    let (policy, place) = begin(&stand, holder, partner, "saves a broken policy");
    stand.edited().await.replace(&policy, "enabled = perhaps\n")?;
    Ok(stand.policy_event(&policy, place, "policy_rejected").await?)
}

#[then(expr = "the operator of company {company} reads that the policy for company {company} is broken")]
async fn reads_that_it_is_broken(stage: &mut Stage, holder: Side, partner: Side) -> Check {
    let stand = stage.stand();
    let answer = stand.http.send(Request::new(holder, Part::Operations, "GET /readyz")).await;
    let text = answer.json.to_string();
    let named = text.contains(partner.name()) && text.contains("string values must be quoted");
    if named { Ok(()) } else { Err(Unmet::new("readiness page", "the broken policy with its reason", text)) }
}

#[when(expr = "company {company} repairs that policy for company {company}")]
async fn repairs(stage: &mut Stage, holder: Side, partner: Side) -> Check {
    let stand = stage.stand();
    let (policy, place) = begin(&stand, holder, partner, "repairs the policy");
    stand.edited().await.restore(&policy)?;
    Ok(stand.policy_event(&policy, place, "policy_loaded").await?)
}

#[then(expr = "the change took effect within {int} seconds and without a restart")]
fn took_effect(stage: &mut Stage, seconds: u32) -> Check {
    let stand = stage.stand();
    for side in Side::BOTH {
        let lines = stand.log(side).lines_since(stage.began[side]);
        expect_equal(
            "starts since the scenario began",
            &0,
            &lines.iter().filter(|line| line.event() == "serving").count(),
        )?;
    }
    let (limit, took) = (Duration::from_secs(seconds.into()), stage.noticed_after);
    if took <= limit {
        Ok(())
    } else {
        Err(Unmet::new("time to notice", format_args!("{limit:?}"), format_args!("{took:?}")))
    }
}

fn set(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.insert(key.to_owned(), value.into());
}

async fn edit(stage: &mut Stage, holder: Side, partner: Side, what: &str, change: impl FnOnce(&mut Table)) -> Check {
    let stand = stage.stand();
    let began = stand.clock.now();
    let (policy, place) = begin(&stand, holder, partner, what);
    stand.edited().await.edit(&policy, change)?;
    stand.policy_event(&policy, place, "policy_loaded").await?;
    let took: SignedDuration = stand.clock.now().duration_since(began);
    stage.noticed_after = took.unsigned_abs();
    Ok(())
}

/// Writes the deed down, and gives the policy and the place from which its company's log tells of it.
fn begin(stand: &Stand, holder: Side, partner: Side, what: &str) -> (Policy, u64) {
    stand.journal.deed(stand.clock.now(), holder, what);
    (stand.policy(holder, partner.name()), stand.log(holder).end())
}
