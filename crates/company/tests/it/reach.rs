//! A partner's names must not lead into networks of our own, unless the operator says so.

use crate::support::{LOOPBACK, Stand, eventually, run_beside};
use std::net::TcpListener;

/// A port at which somebody listens who expects nobody.
struct Internal(TcpListener);

impl Internal {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}", self.0.local_addr().unwrap().port())
    }

    fn was_visited(&self) -> bool {
        self.0.accept().is_ok()
    }
}

fn policy(issuer: &str, permission: &str) -> String {
    format!("issuer = \"{issuer}\"\naudience = \"https://api.example\"\n{permission}")
}

#[actix_web::test]
async fn keys_are_not_fetched_from_an_address_of_our_own() {
    let (stand, internal) = (Stand::start().await, Internal::listen());
    let text = policy(&internal.url("localhost"), "");
    stand.directory.write("partners/partner.toml", &text);
    let error = eventually("a failed fetch", async || {
        let attempt = stand.readiness().await["keys"][0]["last_attempt"]["error"].as_str().map(str::to_owned);
        attempt.filter(|error| error.contains("localhost"))
    })
    .await;
    assert!(error.contains("address of localhost refused: expected a public address"), "{error}");
    let checked = run_beside(&stand, &["partners", "check"]).await.stdout;
    assert!(checked.contains("address of localhost refused"), "{checked}");
    assert!(!internal.was_visited());
    stand.company.stop().await;
}

#[actix_web::test]
async fn an_operator_may_permit_a_network_for_one_partner() {
    let (stand, internal) = (Stand::start().await, Internal::listen());
    stand.directory.write("partners/partner.toml", &policy(&internal.url("localhost"), LOOPBACK));
    eventually("a visit", async || internal.was_visited().then_some(())).await;
    stand.company.stop().await;
}

#[actix_web::test]
async fn an_operator_may_permit_an_address_by_a_static_entry() {
    let internal = Internal::listen();
    let stand = Stand::start_in(&bridge_testkit::TestCa::new(), |directory| {
        directory.edit("company.toml", "[telemetry]", "[hosts]\n\"issuer.example\" = \"127.0.0.1\"\n\n[telemetry]");
        directory.write("partners/partner.toml", &policy(&internal.url("issuer.example"), ""));
    })
    .await;
    eventually("a visit", async || internal.was_visited().then_some(())).await;
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_policy_that_names_an_address_of_our_own_is_not_used() {
    let (stand, internal) = (Stand::start().await, Internal::listen());
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433"] {
        stand.directory.write("partners/partner.toml", &policy(&internal.url(host), ""));
        let checked = run_beside(&stand, &["config", "check"]).await;
        assert!(checked.stdout.contains("refused: expected a public address"), "{host}: {checked:?}");
    }
    eventually("the complaint", async || {
        let readiness = stand.readiness().await.to_string();
        readiness.contains("refused: expected a public address").then_some(())
    })
    .await;
    assert!(!internal.was_visited());
    stand.company.stop().await;
}
