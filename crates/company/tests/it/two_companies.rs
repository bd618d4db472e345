//! Two companies in one process: the whole way from a client of one to the API of the other.

use crate::support::{Stand, eventually};
use bridge_testkit::TestCa;
use serde_json::Value;

async fn ask(stand: &Stand) -> (u16, String) {
    let answer = stand.http.get(stand.api("/ask/partner")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Two companies that know each other; the files that make them so were written while they ran.
async fn friends() -> (Stand, Stand) {
    let ca = TestCa::new();
    let (a, b) = (Stand::start_in(&ca, |_| {}).await, Stand::start_in(&ca, |_| {}).await);
    a.befriend(&b);
    eventually("the first answer", async || (ask(&a).await.0 == 200).then_some(())).await;
    (a, b)
}

#[actix_web::test]
async fn a_client_of_one_company_calls_the_api_of_the_other() {
    let (a, b) = friends().await;
    let (_, body) = ask(&a).await;
    let caller: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(caller["client_id"], "reader");
    assert_eq!(caller["issuer"], a.addresses().issuer.url.as_str());
    a.company.stop().await;
    b.company.stop().await;
}

#[actix_web::test]
async fn the_kill_switch_works_without_a_restart_and_back_again() {
    let (a, b) = friends().await;
    b.directory.edit("partners/partner.toml", "issuer =", "enabled = false\nissuer =");
    let (_, refusal) =
        eventually("the refusal", async || Some(ask(&a).await).filter(|(status, _)| *status == 502)).await;
    assert!(refusal.contains("partner_disabled"), "{refusal}");
    b.directory.edit("partners/partner.toml", "enabled = false", "enabled = true");
    eventually("the answer", async || (ask(&a).await.0 == 200).then_some(())).await;
    a.company.stop().await;
    b.company.stop().await;
}
