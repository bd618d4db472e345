//! Tokens that were revoked, or that do not say where it stands whether they were.

use crate::attacks::Code::{self, ClaimsMalformed, StatusNotAccepted, TokenRevoked};
use crate::attacks::table::Table;
use crate::attacks::world::{LISTED, REVOKED};
use crate::attacks::{Policy, Stage};
use serde_json::{Value, json};

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("status", "draft-ietf-oauth-status-list §6.2");
    malformed(table);
    elsewhere(table);
    if table.policy().status_list.is_some() {
        listed(table);
    }
}

/// The list of the issuer, or where one could be.
fn list_of(policy: &Policy) -> String {
    policy.status_list.clone().unwrap_or_else(|| format!("{}/status/1", policy.issuer.trim_end_matches('/')))
}

fn deny(table: &mut Table<'_>, code: Code, name: &str, title: String, status: Value) {
    table.deny(code, name, title, move |stage| stage.token().claim("status", status.clone()).sign());
}

/// Malformed is refused, never taken for absent.
fn malformed(table: &mut Table<'_>) {
    let list = list_of(table.policy());
    let list = list.as_str();
    let at = |idx: Value| Stage::status(idx, list);
    for (name, status) in [
        ("null", Value::Null),
        ("text", json!(list)),
        ("true", json!(true)),
        ("array", json!([at(json!(0))])),
        ("empty", json!({})),
        ("list-null", json!({"status_list": null})),
        ("list-text", json!({"status_list": list})),
        ("list-array", json!({"status_list": [0, list]})),
        ("list-empty", json!({"status_list": {}})),
        ("idx-missing", json!({"status_list": {"uri": list}})),
        ("idx-null", at(Value::Null)),
        ("idx-true", at(json!(true))),
        ("idx-text", at(json!("0"))),
        ("idx-array", at(json!([0]))),
        ("idx-negative", at(json!(-1))),
        ("idx-float", at(json!(0.0))),
        ("uri-missing", json!({"status_list": {"idx": 0}})),
        ("uri-null", Stage::status(0, Value::Null)),
        ("uri-number", Stage::status(0, 1)),
        ("uri-array", Stage::status(0, json!([list]))),
        ("uri-empty", Stage::status(0, "")),
        ("uri-relative", Stage::status(0, "/status/1")),
        ("uri-file", Stage::status(0, "file:///etc/passwd")),
        ("uri-user", Stage::status(0, list.replacen("://", "://user@", 1))),
        ("uri-fragment", Stage::status(0, format!("{list}#1"))),
        ("uri-space", Stage::status(0, format!("{list} "))),
        ("uri-line-end", Stage::status(0, format!("{list}\n"))),
        ("uri-too-long", Stage::status(0, format!("{list}/{}", "x".repeat(512)))),
    ] {
        let shown: String = status.to_string().chars().take(60).collect();
        deny(table, ClaimsMalformed, name, format!("the claim status is {shown}"), status);
    }
    spelled(table, list);
}

/// What only the text of the claim shows.
fn spelled(table: &mut Table<'_>, list: &str) {
    for (name, title, text) in [
        (
            "idx-2-to-64",
            "an index of 2^64",
            format!(r#"{{"status_list":{{"idx":18446744073709551616,"uri":"{list}"}}}}"#),
        ),
        ("idx-exponent", "an index with an exponent", format!(r#"{{"status_list":{{"idx":0e0,"uri":"{list}"}}}}"#)),
        ("idx-twice", "two indices", format!(r#"{{"status_list":{{"idx":0,"idx":1,"uri":"{list}"}}}}"#)),
        ("uri-twice", "two addresses", format!(r#"{{"status_list":{{"idx":0,"uri":"{list}","\u0075ri":"{list}"}}}}"#)),
    ] {
        let title = format!("the claim status has {title}");
        table.deny(ClaimsMalformed, name, title, move |stage| {
            stage.token().claims_with(|claims| claims.set_text("status", text.clone())).sign()
        });
    }
    let second = Stage::status(0, list).to_string();
    table.deny(ClaimsMalformed, "twice", "the claim status stands there twice", move |stage| {
        let token = stage.token().claim("status", Stage::status(0, list_of(stage.policy())));
        token.claims_with(|claims| claims.append("status", second.clone())).sign()
    });
}

/// Lists that the target was not told to ask: nothing is fetched from where a token says.
fn elsewhere(table: &mut Table<'_>) {
    table.profile("draft-ietf-oauth-status-list §8.3, §11; Bridge profile: only hosts of the policy");
    let list = list_of(table.policy());
    let (scheme, rest) = list.split_once("://").unwrap_or(("https", &list));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.split(':').next().unwrap_or_default();
    let mut places = vec![
        ("attacker", "https://attacker.example/status/1".to_owned()),
        ("metadata-service", "http://169.254.169.254/latest/meta-data".to_owned()),
        ("loopback-6", "http://[::1]:1/status/1".to_owned()),
        ("host-suffix", format!("{scheme}://{host}.attacker.example{path}")),
        ("host-in-path", format!("https://attacker.example/{authority}{path}")),
        ("host-in-query", format!("https://attacker.example/?{authority}{path}")),
        ("plain-http", "http://issuer.attacker.example/status/1".to_owned()),
    ];
    if !host.ends_with(|last: char| last.is_ascii_digit()) {
        places.push(("host-prefix", format!("{scheme}://x.{host}{path}")));
    }
    for (name, uri) in places {
        let title = format!("the token refers to a status list at {uri}, where the policy permits none");
        deny(table, StatusNotAccepted, name, title, Stage::status(0, uri));
    }
    let foreign = table.policy().foreign.as_ref().map(|foreign| foreign.issuer.clone());
    if let Some(issuer) = foreign.filter(|issuer| !issuer.contains(authority)) {
        let uri = format!("{}/status/1", issuer.trim_end_matches('/'));
        let title = "the token refers to a status list of another trusted issuer".to_owned();
        deny(table, StatusNotAccepted, "of-other-issuer", title, Stage::status(0, uri));
    }
}

/// What the list says of a token, where the target has to look at it.
fn listed(table: &mut Table<'_>) {
    let list = list_of(table.policy());
    table.deny(
        StatusNotAccepted,
        "missing",
        "the token refers to no status list, and the policy demands one",
        |stage| stage.token().without_claim("status").sign(),
    );
    table.deny(StatusNotAccepted, "capitals", "the name of the claim status is in capitals", |stage| {
        stage.token().claims_with(|claims| claims.respell("status", "STATUS")).sign()
    });
    table.clause("draft-ietf-oauth-status-list §8.3");
    for (name, idx) in [("idx-one-too-large", LISTED as u64), ("idx-2-to-63", 1 << 63), ("idx-largest", u64::MAX)] {
        let title = format!("the status list has no index {idx}");
        deny(table, StatusNotAccepted, name, title, Stage::status(idx, list.as_str()));
    }
    deny(table, TokenRevoked, "revoked", "the token was revoked".to_owned(), Stage::status(REVOKED, list.as_str()));
    let more = json!({"status_list": {"idx": REVOKED, "uri": list, "bits": 1}, "other": {"idx": 0}});
    deny(
        table,
        TokenRevoked,
        "revoked-and-more",
        "the token was revoked, and status has more members".to_owned(),
        more,
    );
    for (name, title, status) in [
        ("last", "the token has the last index of its status list", Stage::status(LISTED - 1, list.as_str())),
        (
            "more-members",
            "status has more members",
            json!({"status_list": {"idx": 0, "uri": list, "x": 1}, "other": [1]}),
        ),
    ] {
        table.allow(name, title, move |stage| stage.token().claim("status", status.clone()).sign());
    }
}
