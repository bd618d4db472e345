use bridge_process::Outbound;
use bridge_validator::{DocumentFetcher, FetcherSource, HttpFetcher, TrustPolicy};
use reqwest::ClientBuilder;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

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
        let client = partner_client(&self.outbound, policy, &policy.issuer.url().to_url())?;
        let client = client.build().map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Arc::new(HttpFetcher::new(client, self.timeout)))
    }
}

/// A client for calls to a partner, as its policy says: with its authority alone, and to no address that is not public
/// unless the operator permits it.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn partner_client(outbound: &Outbound, policy: &TrustPolicy, url: &Url) -> Result<ClientBuilder, String> {
    outbound.partner(url, &policy.private_networks, policy.ca.as_ref().map(|ca| ca.pem.as_slice()))
}
