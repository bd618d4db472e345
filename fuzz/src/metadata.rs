//! Metadata of an issuer: they lead to a key set of that issuer, on its own origin, or nowhere.

use super::fixture::{API, ISSUER, clock, key, runtime};
use super::tree::is_strict_object;
use async_trait::async_trait;
use bridge_jose::jwks_json;
use bridge_testkit::ManualClock;
use bridge_validator::keys::{Document, FetchError, Fetched, Wanted};
use bridge_validator::{DocumentFetcher, KeySetup, KeyTiming, TrustPolicies, TrustPolicy};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use url::Url;

/// The bytes are the answer of the issuer's metadata address.
pub fn check(data: &[u8]) {
    thread_local!(static DESK: Desk = Desk::new());
    let followed = DESK.with(|desk| desk.fetch_with(data));
    let model = led_to(data);
    assert_eq!(followed.as_ref(), model.as_ref(), "code and model disagree");
    if let Some(url) = followed {
        let issuer = Url::parse(ISSUER).expect("the issuer is a URL");
        assert_eq!(url.origin(), issuer.origin(), "keys of another origin were asked for");
        assert!(url.username().is_empty() && url.password().is_none(), "credentials were sent along");
    }
}

/// Where a plain reading of RFC 8414 §3.3 and of the profile finds the keys.
fn led_to(data: &[u8]) -> Option<Url> {
    let metadata: Value = serde_json::from_slice(data).ok().filter(|_| is_strict_object(data))?;
    let keys = Url::parse(metadata.get("jwks_uri")?.as_str()?).ok()?;
    let home = keys.scheme() == "https" && keys.host_str() == Some("issuer.company-a.example") && keys.port().is_none();
    let plain = keys.username().is_empty() && keys.password().is_none();
    // Where status lists are announced may be absent, but is not of another type.
    let lists = metadata.get("status_list_aggregation_endpoint");
    let plain = plain && lists.is_none_or(|lists| lists.is_null() || lists.is_string());
    (metadata.get("issuer")?.as_str()? == ISSUER && home && plain).then_some(keys)
}

/// Answers the metadata address with what it is told, and every other one with keys.
#[derive(Debug, Default)]
struct Network {
    metadata: Mutex<Vec<u8>>,
    asked: Mutex<Option<Url>>,
}

#[async_trait]
impl DocumentFetcher for Network {
    async fn fetch(&self, Wanted { url, .. }: Wanted<'_>) -> Result<Fetched, FetchError> {
        let body = if url.path() == "/.well-known/oauth-authorization-server"
            && url.host_str() == Some("issuer.company-a.example")
        {
            self.metadata.lock().expect("no panic before").clone()
        } else {
            *self.asked.lock().expect("no panic before") = Some(url.clone());
            jwks_json([key().public()]).into_bytes()
        };
        Ok(Fetched::Document(Document { body, etag: None, max_age: None, date: None }))
    }
}

struct Desk {
    runtime: Runtime,
    policies: TrustPolicies,
    network: Arc<Network>,
    clock: Arc<ManualClock>,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let policy = format!("issuer = \"{ISSUER}\"\naudience = \"{API}\"\n");
        std::fs::write(directory.path().join("company-a.toml"), policy).expect("files can be written");
        let (network, clock) = (Arc::new(Network::default()), clock());
        let fetcher = Arc::clone(&network);
        let fetchers = move |_: &TrustPolicy| Ok(Arc::clone(&fetcher) as Arc<dyn DocumentFetcher>);
        let setup =
            KeySetup { fetchers: Arc::new(fetchers), clock: clock.clone(), timing: KeyTiming::default(), status: None };
        let policies = TrustPolicies::load(directory.path(), setup).expect("the policy is good");
        Self { runtime: runtime(), policies, network, clock }
    }

    /// Lets everything that is held grow old, fetches with these metadata, and says which key set was asked for.
    fn fetch_with(&self, metadata: &[u8]) -> Option<Url> {
        *self.network.metadata.lock().expect("no panic before") = metadata.to_vec();
        *self.network.asked.lock().expect("no panic before") = None;
        self.clock.advance(Duration::from_hours(2));
        self.runtime.block_on(async {
            self.policies.refresh_due();
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
        });
        self.network.asked.lock().expect("no panic before").take()
    }
}
