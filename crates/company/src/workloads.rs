use crate::config::{WorkloadClient, WorkloadIssuerConfig, WorkloadKeySource};
use async_trait::async_trait;
use bridge_issuer::{WorkloadBinding, WorkloadIssuer, WorkloadKeyMissing, WorkloadKeys};
use bridge_jose::VerificationKey;
use bridge_process::Outbound;
use bridge_types::{Clock, KeyId};
use bridge_validator::keys::{KeyMissing, PublishedKeys};
use bridge_validator::{HttpFetcher, KeyTiming};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The issuers of workload tokens whose keys this company holds. The issuer role knows no HTTP and the validator role no
/// clients, so the two meet here.
pub(crate) struct Workloads {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    /// By name, with the digest of the file: an edit elsewhere loses no keys.
    held: Mutex<HashMap<String, (u64, Arc<WorkloadIssuer>)>>,
}

impl Workloads {
    /// None is held yet.
    pub(crate) fn new(outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, clock, held: Mutex::default() }
    }

    /// Which tokens stand for a client, with the keys to check them.
    ///
    /// # Errors
    /// A sentence for the operator, when there is no HTTP client that could fetch the keys.
    pub(crate) fn binding(&self, client: &WorkloadClient) -> Result<WorkloadBinding, String> {
        Ok(WorkloadBinding {
            issuer: self.issuer(&client.issuer)?,
            claims: client.claims.clone(),
            max_token_lifetime: client.max_token_lifetime,
        })
    }

    fn issuer(&self, config: &WorkloadIssuerConfig) -> Result<Arc<WorkloadIssuer>, String> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = held.get(config.name.as_str()).filter(|(digest, _)| *digest == config.digest) {
            return Ok(Arc::clone(known));
        }
        let issuer = Arc::new(WorkloadIssuer {
            name: config.name.to_string(),
            authority: config.authority.clone(),
            algorithms: config.algorithms.clone(),
            max_token_lifetime: config.max_token_lifetime,
            keys: self.keys(config)?,
        });
        held.insert(config.name.to_string(), (config.digest, Arc::clone(&issuer)));
        Ok(issuer)
    }

    fn keys(&self, config: &WorkloadIssuerConfig) -> Result<Arc<dyn WorkloadKeys>, String> {
        use bridge_issuer::WorkloadAuthority::Issuer;
        match (&config.keys, &config.authority) {
            (WorkloadKeySource::Pinned(keys), _) => Ok(Arc::new(keys.clone())),
            (WorkloadKeySource::Discover { authority, private_networks }, Issuer(_, url)) => {
                let client = self.outbound.partner(&url.to_url(), private_networks, authority.as_deref())?;
                let client = client.build().map_err(|error| format!("no HTTP client: {error}"))?;
                let timing = KeyTiming::default();
                let fetcher = Arc::new(HttpFetcher::new(client, timing.fetch_timeout));
                // Names of partners and of workload issuers may be the same; in metrics they stand side by side.
                let name = format!("workload-issuers/{}", config.name);
                let clock = Arc::clone(&self.clock);
                Ok(Arc::new(Discovered(PublishedKeys::new(&name, url.clone(), fetcher, clock, timing))))
            }
            (WorkloadKeySource::Discover { .. }, _) => Err("a trust bundle is never discovered".to_owned()),
        }
    }
}

/// Keys that the validator role holds, for the issuer role to ask.
#[derive(Debug)]
struct Discovered(PublishedKeys);

#[async_trait]
impl WorkloadKeys for Discovered {
    async fn find(&self, kid: &KeyId) -> Result<Arc<VerificationKey>, WorkloadKeyMissing> {
        self.0.find(kid).await.map_err(|missing| match missing {
            KeyMissing::Unknown => WorkloadKeyMissing::Unknown,
            KeyMissing::Unavailable(reason) => WorkloadKeyMissing::Unavailable(reason),
        })
    }
}
