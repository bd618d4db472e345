//! Leased credentials, by the engine `rabbitmq` of a real OpenBao. The broker is a fake: OpenBao makes and removes its users.

use crate::bao::{Company, POLICY};
use bridge_testkit::OpenBaoSetup;
use bridge_vault::LeasedSecret;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const ROLE: &str = "broker/creds/company-a";

struct Broker(MockServer);

impl Broker {
    async fn start() -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(json!([]))).mount(&server).await;
        Self(server)
    }

    /// How often OpenBao has sent a request with this method about a user.
    async fn users(&self, method: &str) -> usize {
        let requests = self.0.received_requests().await.unwrap();
        let about_users = requests.iter().filter(|request| request.url.path().starts_with("/api/users/"));
        about_users.filter(|request| request.method.as_str() == method).count()
    }

    async fn wait_for(&self, method: &str, count: usize) {
        for _ in 0..300 {
            if self.users(method).await >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("expected {count} {method}, found {}", self.users(method).await);
    }

    /// An OpenBao whose engine leases users of this broker for `lease`, `longest` in all.
    fn company(&self, token_lifetime: Duration, lease: u64, longest: u64) -> Option<Company> {
        let policy = format!(
            "{POLICY}path \"{ROLE}\" {{ capabilities = [\"read\"] }}\n\
             path \"sys/leases/renew\" {{ capabilities = [\"update\"] }}\n\
             path \"sys/leases/revoke\" {{ capabilities = [\"update\"] }}\n"
        );
        let connection = json!({"connection_uri": self.0.uri(), "username": "bao", "password": "any",
            "verify_connection": false});
        let role = json!({"vhosts": r#"{"/":{"write":".*","read":".*"}}"#});
        let setup = OpenBaoSetup::new()
            .workload("company-a", &policy, token_lifetime)
            .request("sys/mounts/broker", json!({"type": "rabbitmq"}))
            .request("broker/config/connection", connection)
            .request("broker/config/lease", json!({"ttl": lease, "max_ttl": longest}))
            .request("broker/roles/company-a", role);
        Company::start_with(setup)
    }
}

#[tokio::test]
async fn credentials_are_leased_once_and_given_back_at_the_end() {
    let broker = Broker::start().await;
    let Some(company) = broker.company(Duration::from_mins(5), 60, 600) else { return };
    let secret = LeasedSecret::new(company.vault(), ROLE.parse().unwrap());
    let asked = tokio::join!(secret.current(), secret.current(), secret.current());
    let first = asked.0.unwrap();
    assert!(Arc::ptr_eq(&first, &asked.1.unwrap()) && Arc::ptr_eq(&first, &asked.2.unwrap()));
    assert!(!first.username.is_empty() && !first.password.expose().is_empty());
    assert!(!format!("{first:?}").contains(first.password.expose()), "{first:?}");
    assert_eq!((broker.users("PUT").await, broker.users("DELETE").await), (1, 0));
    secret.release().await;
    broker.wait_for("DELETE", 1).await;
    let second = secret.current().await.unwrap();
    assert_ne!(second.username, first.username, "what was given back is not used again");
}

#[tokio::test]
async fn a_lease_is_prolonged_and_replaced_before_its_last_end() {
    let broker = Broker::start().await;
    let Some(company) = broker.company(Duration::from_mins(5), 3, 7) else { return };
    let secret = LeasedSecret::new(company.vault(), ROLE.parse().unwrap());
    let first = secret.current().await.unwrap();
    let mut replaced = secret.watch();
    replaced.mark_unchanged();
    let shutdown = CancellationToken::new();
    let keeper = tokio::spawn(secret.clone().keep(shutdown.clone()));
    // It is renewed at two seconds, so that at four it is the same; at seven it would end, and is replaced before.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(Arc::ptr_eq(&first, &secret.current().await.unwrap()));
    tokio::time::timeout(Duration::from_secs(10), replaced.changed()).await.unwrap().unwrap();
    let second = secret.current().await.unwrap();
    assert_ne!(second.username, first.username);
    shutdown.cancel();
    keeper.await.unwrap();
}

#[tokio::test]
async fn credentials_of_a_token_that_was_lost_are_replaced_at_the_next_login() {
    let broker = Broker::start().await;
    let Some(company) = broker.company(Duration::from_mins(5), 60, 600) else { return };
    let vault = company.vault();
    let secret = LeasedSecret::new(vault.clone(), ROLE.parse().unwrap());
    let first = secret.current().await.unwrap();
    let mut replaced = secret.watch();
    replaced.mark_unchanged();
    let shutdown = CancellationToken::new();
    let keeper = tokio::spawn(secret.clone().keep(shutdown.clone()));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    company.revoke_all_tokens().await;
    broker.wait_for("DELETE", 1).await;
    // Whatever asks OpenBao next logs in anew.
    let other = LeasedSecret::new(vault, ROLE.parse().unwrap());
    other.current().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), replaced.changed()).await.unwrap().unwrap();
    assert_ne!(secret.current().await.unwrap().username, first.username);
    shutdown.cancel();
    keeper.await.unwrap();
}
