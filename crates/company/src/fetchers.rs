use bridge_process::{Outbound, authorities};
use bridge_validator::{DocumentFetcher, FetcherSource, HttpFetcher, TrustPolicy};
use std::sync::Arc;
use std::time::Duration;

/// Makes the HTTP clients that fetch metadata and keys, one for each partner, with that partner's authority alone.
pub(crate) struct PartnerFetchers {
    outbound: Outbound,
    timeout: Duration,
}

impl PartnerFetchers {
    /// Clients that give up on a document after `timeout`.
    pub(crate) fn new(outbound: Outbound, timeout: Duration) -> Self {
        Self { outbound, timeout }
    }
}

impl FetcherSource for PartnerFetchers {
    fn fetcher(&self, policy: &TrustPolicy) -> Result<Arc<dyn DocumentFetcher>, String> {
        let ca = policy.ca.as_ref().map(|ca| authorities(&ca.pem)).transpose()?;
        let client = self.outbound.client(&policy.issuer.url().to_url(), ca).build();
        let client = client.map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Arc::new(HttpFetcher::new(client, self.timeout)))
    }
}
