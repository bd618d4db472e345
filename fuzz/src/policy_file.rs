//! Policy files: what is read is what stands there, and the same file is read the same way twice.

use super::fixture;
use bridge_jose::jwks_json;
use bridge_types::ScopeSet;
use bridge_validator::TrustPolicy;
use std::time::Duration;
use tempfile::TempDir;
use toml::{Table, Value};

/// The bytes are `partners/company-a.toml`; `keys.json` and `ca.pem` lie beside it.
pub fn check(data: &[u8]) {
    thread_local!(static DIRECTORY: TempDir = directory());
    let file = DIRECTORY.with(|directory| directory.path().join("company-a.toml"));
    std::fs::write(&file, data).expect("files can be written");
    let (policy, again) = (TrustPolicy::read(&file), TrustPolicy::read(&file));
    match (policy, again) {
        (Ok(policy), Ok(again)) => {
            let table: Table = std::str::from_utf8(data).expect("TOML is UTF-8").parse().expect("a policy is TOML");
            assert_eq!(format!("{policy:?}"), format!("{again:?}"));
            says_what_was_written(&policy, &table);
        }
        (Err(error), Err(again)) => assert_eq!(error.to_string(), again.to_string()),
        _ => panic!("the same file is a policy and is none"),
    }
}

fn directory() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let write =
        |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("files can be written");
    write("keys.json", &jwks_json([fixture::key().public()]));
    write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    directory
}

fn says_what_was_written(policy: &TrustPolicy, table: &Table) {
    let text = |name: &str| table.get(name).and_then(Value::as_str);
    assert_eq!(&*policy.partner, "company-a");
    assert_eq!(Some(policy.issuer.url().as_str()), text("issuer"));
    assert_eq!(Some(policy.audience.as_str()), text("audience"));
    assert_eq!(policy.enabled, table.get("enabled") != Some(&Value::Boolean(false)), "the kill switch");
    assert_eq!(policy.valid_until.is_some(), table.contains_key("valid_until"), "the last day");
    assert_eq!(policy.ca.is_some(), table.contains_key("ca_file"));
    assert_eq!(text("sender_constraint").unwrap_or("none"), "none", "a demand for proofs was read as none");
    assert!((Duration::from_secs(1)..=Duration::from_hours(1)).contains(&policy.max_token_lifetime));
    let listed: Vec<&str> = policy.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    let written: Option<Vec<&str>> = table.get("algorithms").map(strings);
    assert_eq!(listed, written.unwrap_or_else(|| vec!["ES256"]));
    let none = Table::new();
    let clients = table.get("clients").and_then(Value::as_table).unwrap_or(&none);
    assert_eq!(policy.clients.len(), clients.len(), "somebody is let in whom the file does not name");
    for (client, scopes) in &policy.clients {
        let ceiling: ScopeSet =
            strings(&clients[client.as_str()]["scopes"]).iter().map(|one| one.parse().expect("a scope")).collect();
        assert_eq!(*scopes, ceiling, "the ceiling of {client}");
    }
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|value| value.as_str().expect("a text")).collect()
}
