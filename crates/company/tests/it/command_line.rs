//! The subcommands that look: `--help`, `partners`, `keys`, `clients`.

use crate::support::{Directory, Stand, eventually, run, run_beside};
use bridge_company::Exit;
use std::collections::BTreeSet;

#[test]
fn a_wrong_command_line_is_exit_code_2_and_help_is_not() {
    let directory = Directory::new();
    for arguments in [&["sing"][..], &["serve", "--colour"], &["call", "GET", "/"], &["keys", "renew"]] {
        let outcome = run(&directory, arguments, &[]);
        assert_eq!(outcome.exit, Exit::Misconfigured, "{outcome:?}");
        assert!(outcome.stderr.contains("error: "), "{outcome:?}");
    }
    let help = run(&directory, &["--help"], &[]);
    assert_eq!(help.exit, Exit::Done);
    assert!(help.stdout.contains("Keeps no notes") && help.stdout.contains("serve"), "{help:?}");
}

#[test]
fn lists_clients_and_partners_as_text_and_as_json() {
    let directory = Directory::new();
    let clients = run(&directory, &["clients", "list", "--json"], &[]);
    assert_eq!(clients.json()["clients"][0]["client_id"], "reader");
    assert_eq!(clients.json()["clients"][0]["access"][0]["scopes"], serde_json::json!(["notes:read"]));
    let partners = run(&directory, &["partners", "list", "--json"], &[]);
    assert_eq!(partners.json()["partners"][0]["issuer"], "https://issuer.example");
    assert_eq!(partners.json()["partners"][0]["outbound"]["client"], "reader");
    for (arguments, texts) in [
        (["clients", "list"], ["NAME", "managed", "https://api.example", "notes:read"]),
        (["partners", "list"], ["issuer ", "reader: notes:read notes:write", "discover, ES256", "outbound"]),
    ] {
        let outcome = run(&directory, &arguments, &[]);
        for text in texts {
            assert!(outcome.stdout.contains(text), "{text}: {outcome:?}");
        }
    }
}

#[test]
fn listing_keys_makes_no_database() {
    let directory = Directory::new();
    let outcome = run(&directory, &["keys", "list", "--json"], &[]);
    assert_eq!((outcome.exit, &outcome.json()["keys"]), (Exit::Done, &serde_json::json!([])));
    assert!(!directory.file("notes.db").exists());
}

#[actix_web::test]
async fn lists_the_keys_of_a_company_that_serves_without_their_private_halves() {
    let stand = Stand::start().await;
    let outcome = run_beside(&stand, &["keys", "list", "--json"]).await;
    let keys = outcome.json()["keys"].as_array().unwrap().clone();
    let purposes: Vec<&str> = keys.iter().map(|key| key["purpose"].as_str().unwrap()).collect();
    assert_eq!(purposes, ["access tokens", "client reader"]);
    let members: BTreeSet<&str> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
    let times = ["prepared_at", "activated_at", "retired_at", "destroyed_at", "tainted_at", "revoked_at"];
    let others = ["algorithm", "kid", "purpose", "reason", "rotation_requested", "state"];
    assert_eq!(members, times.into_iter().chain(others).collect());
    stand.company.stop().await;
}

#[actix_web::test]
async fn checks_a_partner_from_here() {
    let stand = Stand::start().await;
    stand.befriend_itself();
    stand.write_addresses();
    let mirrored = async || run_beside(&stand, &["partners", "check"]).await.stdout.contains("mirror keys");
    eventually("the agent", async || mirrored().await.then_some(())).await;
    let outcome = run_beside(&stand, &["partners", "check", "--json"]).await;
    let report = outcome.json();
    assert_eq!((outcome.exit, &report["ok"]), (Exit::Done, &true.into()), "{report:#}");
    let verdict = |name: &str| {
        let checks = report["partners"][0]["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).map(|check| check["verdict"].clone())
    };
    for name in ["policy", "validity", "clock", "metadata", "keys", "api", "mirror", "mirror keys"] {
        assert_eq!(verdict(name), Some("ok".into()), "{name}: {report:#}");
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn says_what_is_wrong_with_a_partner() {
    let stand = Stand::start().await;
    stand.befriend_itself();
    stand.write_addresses();
    let issuer = stand.addresses().issuer.url.to_string();
    for (from, to, name, detail) in [
        (issuer.clone(), format!("{issuer}/"), "metadata", "names another issuer"),
        (format!("{issuer}/"), "https://127.0.0.1:1".to_owned(), "metadata", "no answer"),
        ("https://127.0.0.1:1".to_owned(), issuer, "", ""),
        ("ca_file".to_owned(), "algorithms = [\"PS256\"]\nca_file".to_owned(), "keys", "none for an algorithm"),
        (
            "algorithms".to_owned(),
            "valid_until = 2020-01-01\nalgorithms".to_owned(),
            "validity",
            "ended with 2020-01-01",
        ),
    ] {
        stand.directory.edit("partners/partner.toml", &from, &to);
        let outcome = run_beside(&stand, &["partners", "check", "--json"]).await;
        if name.is_empty() {
            continue;
        }
        assert_eq!(outcome.exit, Exit::Failed, "{outcome:?}");
        let report = outcome.json();
        let checks = report["partners"][0]["checks"].as_array().unwrap();
        let found = checks.iter().any(|check| {
            check["name"] == name && check["verdict"] == "failed" && check["detail"].as_str().unwrap().contains(detail)
        });
        assert!(found, "{name}: {detail}: {report:#}");
    }
    stand.company.stop().await;
}
