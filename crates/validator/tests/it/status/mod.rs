//! What issuers take back: status lists that are fetched in the background, and events that are pushed.

mod first;
mod flood;
mod kept;
mod lists;
mod names;

use crate::support::Answer;
use crate::support::{ISSUER, World, jwks_uri, metadata_uri, settle};
use bridge_testkit::Forge;
use bridge_types::Clock;
use bridge_validator::Reason;
use serde_json::json;
use std::time::Duration;

const HOST: &str = "issuer.company-a.example";

/// Company B's API with a partner whose tokens have to refer to a status list.
struct Listed {
    world: World,
}

fn uri(list: u32) -> String {
    format!("{ISSUER}/status-lists/{list}")
}

fn announcement() -> String {
    format!("{ISSUER}/status-lists")
}

impl Listed {
    /// The issuer publishes list 1, with nothing in it, and says so.
    fn new() -> Self {
        let listed = Self { world: World::new() };
        listed.world.edit(|policy| format!("status_list_hosts = [\"{HOST}\"]\n{policy}"));
        let metadata = json!({
            "issuer": ISSUER, "jwks_uri": jwks_uri(ISSUER), "status_list_aggregation_endpoint": announcement(),
        });
        listed.answer(&metadata_uri(ISSUER), metadata.to_string());
        listed.announce(&[1]);
        listed.publish(1, &[]);
        listed
    }

    /// The same, with keys and list in use.
    async fn acquainted() -> Self {
        let listed = Self::new();
        assert_eq!(listed.refusal(7).await, None);
        listed
    }

    fn answer(&self, url: &str, body: String) {
        self.world.network.answer(url, Answer::body(body));
    }

    fn announce(&self, lists: &[u32]) {
        let lists: Vec<String> = lists.iter().map(|list| uri(*list)).collect();
        self.answer(&announcement(), json!({ "status_lists": lists }).to_string());
    }

    /// Publishes a list, made now, with these indices set.
    fn publish(&self, list: u32, set: &[usize]) {
        self.publish_forged(list, &self.list(list, set));
    }

    fn publish_forged(&self, list: u32, token: &Forge) {
        self.answer(&uri(list), token.sign());
    }

    fn list(&self, list: u32, set: &[usize]) -> Forge {
        self.world.issuer.status_list(&uri(list), set, self.world.clock.now())
    }

    /// A valid token that refers to this index of list 1.
    fn token(&self, idx: u64) -> Forge {
        self.token_in(1, idx)
    }

    fn token_in(&self, list: u32, idx: u64) -> Forge {
        self.world.token().claim("status", json!({"status_list": {"idx": idx, "uri": uri(list)}}))
    }

    /// The reason why a new token with this index is refused, or none.
    async fn refusal(&self, idx: u64) -> Option<Reason> {
        self.world.refusal(&self.token(idx).sign()).await
    }

    /// Lets time pass and the background work.
    async fn pass(&self, by: Duration) {
        self.world.clock.advance(by);
        self.world.policies.refresh_due();
        self.settle().await;
    }

    /// Lists are opened on other threads, so the background gets a little real time.
    async fn settle(&self) {
        for _ in 0..20 {
            settle().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn fetches(&self, list: u32) -> usize {
        self.world.network.asked(&uri(list))
    }
}
