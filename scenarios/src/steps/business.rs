//! The business of the two companies: orders at company A, shipments at company B.

use super::waiting::eventually;
use crate::record::journal::Part;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::tester::command::CommandCall;
use crate::tester::goods;
use crate::tester::http::Request;
use bridge_types::TokenId;
use cucumber::{given, then, when};
use serde_json::{Value, json};
use std::time::Duration;

#[when(expr = "the shop of company A places an order for {int} of {string}, to be carried by company B")]
async fn places_an_order(stage: &mut Stage, quantity: u64, sku: String) -> Check {
    let body = goods::order(quantity, &sku, Side::B.name());
    let order = from_the_command_line(stage, Side::A, "shop", "POST /orders", body).await?;
    stage.order = Some(order);
    Ok(())
}

#[given("an order that company B carries")]
async fn an_order_that_is_carried(stage: &mut Stage) -> Check {
    places_an_order(stage, 1, "TEA-0042".to_owned()).await?;
    order_is(stage, 10, "handed_over".to_owned()).await?;
    has_one_shipment(stage).await?;
    shipment_is(stage, 10, "accepted".to_owned()).await
}

#[when(expr = "the depot of company B reports {string}")]
async fn depot_reports(stage: &mut Stage, kind: String) -> Check {
    let request = format!("POST /shipments/{}/events", id(stage.shipment.as_ref())?);
    from_the_command_line(stage, Side::B, "depot", &request, json!({"kind": kind})).await?;
    expect_equal("status", &201, &stage.answer.seen.status)
}

#[then(expr = "within {int} seconds the order is {string} at company A")]
async fn order_is(stage: &mut Stage, seconds: u64, status: String) -> Check {
    let path = format!("/orders/{}", id(stage.order.as_ref())?);
    stage.order = Some(with_status(stage, Side::A, &path, &status, seconds).await?);
    Ok(())
}

#[then(expr = "within {int} seconds the shipment is {string} at company B")]
async fn shipment_is(stage: &mut Stage, seconds: u64, status: String) -> Check {
    let path = format!("/shipments/{}", id(stage.shipment.as_ref())?);
    stage.shipment = Some(with_status(stage, Side::B, &path, &status, seconds).await?);
    Ok(())
}

#[then("company B has exactly one shipment for the order")]
async fn has_one_shipment(stage: &mut Stage) -> Check {
    let order = id(stage.order.as_ref())?;
    let mut theirs = items(stage, Side::B, "/shipments?limit=100").await?;
    theirs.retain(|shipment| shipment["order_reference"] == order.as_str());
    expect_equal("shipments for the order", &1, &theirs.len())?;
    stage.shipment = theirs.pop();
    Ok(())
}

#[then("the shipment has the address and the lines of the order")]
fn same_address_and_lines(stage: &mut Stage) -> Check {
    let (Some(order), Some(shipment)) = (&stage.order, &stage.shipment) else {
        return Err(Unmet::new("order and shipment", "both", "one missing"));
    };
    expect_equal("address", &order["delivery_address"], &shipment["delivery_address"])?;
    let lines = |of: &Value| -> Vec<(Value, Value)> {
        let lines = of["lines"].as_array().into_iter().flatten();
        lines.map(|line| (line["sku"].clone(), line["quantity"].clone())).collect()
    };
    expect_equal("lines", &lines(order), &lines(shipment))
}

#[then(expr = "company A has been told {string} about the order, each once")]
async fn has_been_told(stage: &mut Stage, kinds: String) -> Check {
    let path = format!("/orders/{}/tracking-events?limit=100", id(stage.order.as_ref())?);
    let events = items(stage, Side::A, &path).await?;
    let told: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    expect_equal("events", &kinds.split(", ").collect::<Vec<_>>(), &told)
}

/// A write by one of the company's own clients at its own API, from the command line.
async fn from_the_command_line(
    stage: &mut Stage,
    company: Side,
    client: &str,
    line: &str,
    body: Value,
) -> Result<Value, Unmet> {
    let request =
        Request::new(company, Part::Api, line).header("Idempotency-Key", TokenId::random().as_str()).json(body);
    let call = CommandCall { company, client, request, more: Vec::new() };
    (stage.answer, stage.printed) = stage.stand().call(call).await?;
    Ok(stage.answer.json.clone())
}

/// Reads something again and again until it has a status.
async fn with_status(stage: &mut Stage, at: Side, path: &str, status: &str, seconds: u64) -> Result<Value, Unmet> {
    let found = eventually(stage, Duration::from_secs(seconds), async |stage| {
        let found = read(stage, at, path).await?;
        expect_equal("status", &Some(status), &found["status"].as_str()).map(|()| found)
    });
    found.await
}

async fn items(stage: &mut Stage, at: Side, path: &str) -> Result<Vec<Value>, Unmet> {
    let mut page = read(stage, at, path).await?;
    expect_equal("more pages", &Value::Null, &page["next_cursor"])?;
    match page["items"].take() {
        Value::Array(items) => Ok(items),
        other => Err(Unmet::new("list", "items", other)),
    }
}

/// Reads from a company's own API with a token of its own.
async fn read(stage: &mut Stage, at: Side, path: &str) -> Result<Value, Unmet> {
    let token = stage.reader(at).await?;
    let answer = stage.stand().http.send(Request::new(at, Part::Api, &format!("GET {path}")).token(&token)).await;
    expect_equal("status", &200, &answer.seen.status).map(|()| answer.json)
}

fn id(of: Option<&Value>) -> Result<String, Unmet> {
    let id = of.and_then(|of| of["id"].as_str());
    id.map(str::to_owned).ok_or_else(|| Unmet::new("id", "an order or shipment of an earlier step", "none"))
}
