//! Keys of an OpenID provider that is nobody's partner.

use crate::support::{Answer, Network, jwks_uri, settle};
use bridge_jose::{Algorithm, SigningKey};
use bridge_testkit::{ManualClock, TestIssuer};
use bridge_validator::keys::{KeyMissing, KeyTiming, PublishedKeys};
use std::sync::Arc;
use std::time::Duration;

const PROVIDER: &str = "https://bao.example/v1/identity/oidc";

struct Provider {
    network: Arc<Network>,
    clock: Arc<ManualClock>,
    issuer: TestIssuer,
    keys: PublishedKeys,
}

impl Provider {
    fn new() -> Self {
        let (network, clock) = (Arc::new(Network::default()), Arc::new(ManualClock::default()));
        let issuer = TestIssuer::new(PROVIDER, Algorithm::Es256);
        let url = issuer.url.clone();
        let keys = PublishedKeys::new("cluster", url, network.clone(), clock.clone(), KeyTiming::default());
        Self { network, clock, issuer, keys }
    }

    fn publish(&self, named: &str, jwks: &str) {
        let metadata = serde_json::json!({"issuer": named, "jwks_uri": jwks_uri(PROVIDER)}).to_string();
        self.network.answer(&format!("{PROVIDER}/.well-known/openid-configuration"), Answer::body(metadata));
        self.network.answer(&jwks_uri(PROVIDER), Answer::body(jwks));
    }

    async fn has(&self, key: &SigningKey) -> Result<(), KeyMissing> {
        self.keys.find(key.kid()).await.map(drop)
    }
}

#[tokio::test]
async fn finds_keys_where_openid_providers_publish_them() {
    let provider = Provider::new();
    provider.publish(PROVIDER, &provider.issuer.jwks());
    assert_eq!(provider.has(&provider.issuer.key).await, Ok(()));
    for _ in 0..100 {
        let invented = SigningKey::generate(Algorithm::Es256).unwrap();
        assert_eq!(provider.has(&invented).await, Err(KeyMissing::Unknown));
    }
    assert!(provider.network.asked(&jwks_uri(PROVIDER)) <= 2, "one fetch per cooldown, however many ids are invented");
}

#[tokio::test]
async fn follows_a_rotation_and_goes_on_with_what_it_has_while_the_provider_is_down() {
    let provider = Provider::new();
    provider.publish(PROVIDER, &provider.issuer.jwks());
    provider.has(&provider.issuer.key).await.unwrap();
    let next = TestIssuer::new(PROVIDER, Algorithm::Es256);
    provider.publish(PROVIDER, &next.jwks());
    assert_eq!(provider.has(&next.key).await, Ok(()), "a new key is known at once");
    assert_eq!(provider.has(&provider.issuer.key).await, Err(KeyMissing::Unknown));

    provider.network.cut(PROVIDER);
    provider.clock.advance(Duration::from_hours(23));
    assert_eq!(provider.has(&next.key).await, Ok(()));
    settle().await;
    provider.clock.advance(Duration::from_hours(2));
    assert!(matches!(provider.has(&next.key).await, Err(KeyMissing::Unavailable(_))), "past the cap nothing is used");
}

#[tokio::test]
async fn believes_no_metadata_of_somebody_else_and_says_later_while_there_are_no_keys() {
    let provider = Provider::new();
    assert!(matches!(provider.has(&provider.issuer.key).await, Err(KeyMissing::Unavailable(_))));
    provider.publish("https://bao.example", &provider.issuer.jwks());
    provider.clock.advance(Duration::from_mins(5));
    assert!(matches!(provider.has(&provider.issuer.key).await, Err(KeyMissing::Unavailable(_))));
}
