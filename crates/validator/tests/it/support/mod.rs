//! A company's API in memory, and the partners around it.

mod log;
mod metrics;
mod network;

pub(crate) use log::capture;
pub(crate) use metrics::counting;
pub(crate) use network::{Answer, Network};

use bridge_jose::{Algorithm, SigningKey};
use bridge_testkit::{Forge, ManualClock, TestIssuer};
use bridge_types::Clock;
use bridge_validator::keys::KeyTiming;
use bridge_validator::{
    Denial, DocumentFetcher, KeySetup, Reason, RequiredScope, TrustPolicies, TrustPolicy, Validator,
};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

pub(crate) const ISSUER: &str = "https://issuer.company-a.example";
pub(crate) const OTHER_ISSUER: &str = "https://issuer.company-c.example";
pub(crate) const API: &str = "https://api.company-b.example";
pub(crate) const CLIENT: &str = "order-service";
pub(crate) const SCOPE: &str = "shipments:read shipments:write";

/// A scope within the ceiling of [`CLIENT`].
#[derive(Debug)]
pub(crate) struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

/// Another one.
#[derive(Debug)]
pub(crate) struct ShipmentsWrite;

impl RequiredScope for ShipmentsWrite {
    const SCOPE: &'static str = "shipments:write";
}

/// A scope that the ceiling lacks.
#[derive(Debug)]
pub(crate) struct ShipmentsTrack;

impl RequiredScope for ShipmentsTrack {
    const SCOPE: &'static str = "shipments:track";
}

/// The policy for an issuer, with the usual client.
pub(crate) fn policy(issuer: &str) -> String {
    format!(
        r#"issuer = "{issuer}"
audience = "{API}"
algorithms = ["ES256", "EdDSA", "PS256", "RS256"]

[clients.{CLIENT}]
scopes = ["shipments:read", "shipments:write"]
"#
    )
}

/// A key per algorithm, made once: RSA keys are slow to make.
pub(crate) fn key(algorithm: Algorithm) -> SigningKey {
    static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
        Algorithm::ALL.into_iter().map(|algorithm| SigningKey::generate(algorithm).unwrap()).collect()
    });
    KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap().clone()
}

/// Company B's API with two trusted issuers, both of which publish their keys.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) network: Arc<Network>,
    pub(crate) directory: TempDir,
    pub(crate) policies: Arc<TrustPolicies>,
    pub(crate) validator: Validator,
    pub(crate) issuer: TestIssuer,
    pub(crate) other: TestIssuer,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::signing(Algorithm::Es256)
    }

    pub(crate) fn signing(algorithm: Algorithm) -> Self {
        Self::build(algorithm, KeyTiming::default())
    }

    pub(crate) fn build(algorithm: Algorithm, timing: KeyTiming) -> Self {
        let issuer = TestIssuer { url: ISSUER.parse().unwrap(), key: key(algorithm) };
        let other = TestIssuer::new(OTHER_ISSUER, Algorithm::Es256);
        let (clock, network) = (Arc::new(ManualClock::default()), Arc::new(Network::default()));
        network.publish(&issuer);
        network.publish(&other);
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("company-a.toml"), policy(ISSUER)).unwrap();
        std::fs::write(directory.path().join("company-c.toml"), policy(OTHER_ISSUER)).unwrap();
        let setup = setup(&network, &clock, timing);
        let policies = Arc::new(TrustPolicies::load(directory.path(), setup).unwrap());
        let validator = Validator::new(Arc::clone(&policies), clock.clone());
        Self { clock, network, directory, policies, validator, issuer, other }
    }

    /// A valid token of the usual client.
    pub(crate) fn token(&self) -> Forge {
        self.issuer.access_token(CLIENT, API, SCOPE, self.clock.now())
    }

    /// Replaces company A's policy and reloads.
    pub(crate) fn edit(&self, change: impl FnOnce(String) -> String) -> bridge_validator::ReloadReport {
        self.write("company-a.toml", &change(policy(ISSUER)))
    }

    /// Writes a file of the directory and reloads.
    pub(crate) fn write(&self, file: &str, text: &str) -> bridge_validator::ReloadReport {
        std::fs::write(self.directory.path().join(file), text).unwrap();
        self.policies.reload(self.directory.path())
    }

    /// The reason why the token is refused for `shipments:read`, or none.
    pub(crate) async fn refusal(&self, token: &str) -> Option<Reason> {
        self.denial(token).await.map(|denial| denial.reason())
    }

    pub(crate) async fn denial(&self, token: &str) -> Option<Denial> {
        self.validator.decide::<ShipmentsRead>(token).await.err()
    }

    /// How often company A's key set was asked for.
    pub(crate) fn fetches(&self) -> usize {
        self.network.asked(&jwks_uri(ISSUER))
    }
}

pub(crate) fn setup(network: &Arc<Network>, clock: &Arc<ManualClock>, timing: KeyTiming) -> KeySetup {
    let network = Arc::clone(network);
    let fetcher = move |_: &TrustPolicy| Ok(Arc::clone(&network) as Arc<dyn DocumentFetcher>);
    KeySetup { fetchers: Arc::new(fetcher), clock: clock.clone(), timing, status: None }
}

pub(crate) fn jwks_uri(issuer: &str) -> String {
    format!("{issuer}/jwks")
}

pub(crate) fn metadata_uri(issuer: &str) -> String {
    format!("{issuer}/.well-known/oauth-authorization-server")
}

/// Lets tasks that are ready run until nothing is left to do.
pub(crate) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
