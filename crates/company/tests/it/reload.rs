//! Edits of `clients/` and `partners/` while the company runs.

use crate::support::{Stand, eventually};
use serde_json::Value;

/// The policy of a partner and what is wrong with the configuration, as `/readyz` has them.
async fn sequence(stand: &Stand) -> (Value, Value) {
    let readiness = stand.readiness().await;
    (readiness["policies"][0]["version"]["sequence"].clone(), readiness["configuration_errors"].clone())
}

#[actix_web::test]
async fn a_good_edit_is_in_use_without_a_restart() {
    let stand = Stand::start().await;
    stand.directory.edit("partners/partner.toml", "[clients.reader]", "enabled = false\n[clients.reader]");
    eventually("the second version", async || (sequence(&stand).await.0 == 2).then_some(())).await;
    assert_eq!(stand.readiness().await["policies"][0]["enabled"], false);
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_broken_edit_keeps_the_last_good_policy_and_says_so_until_it_is_repaired() {
    let stand = Stand::start().await;
    stand.directory.edit("partners/partner.toml", "issuer =", "colour = 1\nissuer =");
    let errors = eventually("the complaint", async || {
        let (_, errors) = sequence(&stand).await;
        (errors != Value::Array(Vec::new())).then_some(errors)
    })
    .await;
    assert!(errors[0]["file"].as_str().unwrap().ends_with("partners/partner.toml"), "{errors}");
    assert_eq!((&errors[0]["line"], &errors[0]["column"]), (&1.into(), &1.into()), "{errors}");
    assert_eq!(errors[0]["what"], "unknown key at `colour`");
    let readiness = stand.readiness().await;
    assert_eq!(readiness["status"], "ready");
    assert_eq!(readiness["policies"][0]["version"]["sequence"], 1);
    assert_eq!(readiness["policies"][0]["issuer"], "https://issuer.example");

    stand.directory.edit("partners/partner.toml", "colour = 1\n", "");
    eventually("silence", async || (sequence(&stand).await.1 == Value::Array(Vec::new())).then_some(())).await;
    stand.company.stop().await;
}

#[actix_web::test]
async fn an_edit_with_a_secret_is_refused_as_at_the_start_and_shown_nowhere() {
    let stand = Stand::start().await;
    for (from, to, what) in [
        ("issuer =", "client_secret = \"hunter2\"\nissuer =", "a literal secret"),
        ("client_secret = \"hunter2\"", "audience = hunter2 #", "string values must be quoted"),
        ("audience = hunter2 #", "sender_constraint = \"hunter2\" #", "invalid sender constraint"),
    ] {
        stand.directory.edit("partners/partner.toml", from, to);
        let readiness = eventually("the complaint", async || {
            let readiness = stand.readiness().await;
            let said = readiness["configuration_errors"][0]["what"].as_str()?.contains(what);
            said.then_some(readiness)
        })
        .await;
        assert!(readiness["policies"][0]["error"].as_str().unwrap().contains(what), "{readiness:#}");
        assert!(!readiness.to_string().contains("hunter2"), "{readiness:#}");
        assert_eq!(readiness["policies"][0]["version"]["sequence"], 1);
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_broken_client_does_not_hold_up_the_kill_switch() {
    let stand = Stand::start().await;
    stand.directory.edit("clients/reader.toml", "managed", "nonsense");
    stand.directory.edit("partners/partner.toml", "[clients.reader]", "enabled = false\n[clients.reader]");
    eventually("the switch", async || (stand.readiness().await["policies"][0]["enabled"] == false).then_some(())).await;
    let (_, errors) = sequence(&stand).await;
    assert!(errors[0]["file"].as_str().unwrap().ends_with("clients/reader.toml"), "{errors}");
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_policy_goes_with_its_file() {
    let stand = Stand::start().await;
    stand.directory.remove("partners/partner.toml");
    let none = Value::Array(Vec::new());
    eventually("no policy", async || (stand.readiness().await["policies"] == none).then_some(())).await;
    stand.company.stop().await;
}

#[actix_web::test]
async fn an_outbound_section_whose_client_is_gone_is_reported() {
    let stand = Stand::start().await;
    stand.directory.remove("clients/reader.toml");
    let errors = eventually("the complaint", async || {
        let (_, errors) = sequence(&stand).await;
        (errors != Value::Array(Vec::new())).then_some(errors)
    })
    .await;
    assert!(errors[0]["what"].as_str().unwrap().contains("names the client `reader`"), "{errors}");
    let asked = stand.http.get(stand.api("/ask/partner")).send().await.unwrap();
    assert_eq!(asked.status(), 501);
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_partner_cannot_take_the_name_of_the_company_while_it_runs() {
    let stand = Stand::start().await;
    std::fs::rename(stand.directory.file("partners/partner.toml"), stand.directory.file("partners/notes.toml"))
        .unwrap();
    let what = eventually("the complaint", async || {
        let (_, errors) = sequence(&stand).await;
        errors[0]["what"].as_str().map(str::to_owned)
    })
    .await;
    assert!(what.contains("the name of this company"), "{what}");
    let readiness = stand.readiness().await;
    assert_eq!(
        (&readiness["policies"][0]["partner"], &readiness["policies"][0]["issuer"]),
        (&"notes".into(), &Value::Null)
    );
    stand.company.stop().await;
}

#[actix_web::test]
async fn the_state_of_keys_follows_the_name_of_the_policy_file() {
    let stand = Stand::start().await;
    assert_eq!(stand.readiness().await["keys"][0]["partner"], "partner");
    std::fs::rename(stand.directory.file("partners/partner.toml"), stand.directory.file("partners/carrier.toml"))
        .unwrap();
    let renamed = async || (stand.readiness().await["policies"][0]["partner"] == "carrier").then_some(());
    eventually("the new name", renamed).await;
    assert_eq!(stand.readiness().await["keys"][0]["partner"], "carrier");
    stand.company.stop().await;
}
