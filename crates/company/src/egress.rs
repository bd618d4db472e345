use crate::config::{CompanyConfig, ConfigError, Located};
use crate::error::StartError;
use crate::fetchers::partner_client;
use bridge_client::{Credential, OutboundHttp, PartnerApi, TokenSource};
use bridge_process::{Outbound, authorities};
use bridge_types::{ClientId, Clock, OwnIssuer};
use bridge_validator::{Outbound as Target, TrustPolicy};
use reqwest::Certificate;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Makes the APIs that this company calls. Clients keep their tokens when a policy is edited.
pub(crate) struct Egress {
    outbound: Outbound,
    issuer: OwnIssuer,
    token_http: OutboundHttp,
    clock: Arc<dyn Clock>,
    /// By client, and by the file of its platform's token: one that gets another credential starts anew.
    sources: HashMap<(ClientId, Option<PathBuf>), TokenSource>,
}

impl Egress {
    /// Calls with tokens of the own issuer, which is reached with the authority that `[tls]` names for it.
    ///
    /// # Errors
    /// When that authority cannot be used.
    pub(crate) fn to_own_issuer(
        outbound: Outbound,
        company: &CompanyConfig,
        issuer: OwnIssuer,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let ca = company.tls.as_ref().and_then(|tls| tls.ca_file.as_ref());
        let ca = ca.map(own_authorities).transpose()?;
        let builder = outbound.client(&issuer.url().to_url(), ca);
        let token_http = OutboundHttp::new(builder)
            .map_err(|error| StartError::system("no HTTP client for the own issuer", error))?;
        Ok(Self { outbound, issuer, token_http, clock, sources: HashMap::new() })
    }

    /// The API of a partner as `[outbound]` of its policy says, called with this credential.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn api(
        &mut self,
        policy: &TrustPolicy,
        target: &Target,
        credential: Credential,
    ) -> Result<PartnerApi, String> {
        let http = OutboundHttp::new(partner_client(&self.outbound, policy, &target.url.to_url())?)
            .map_err(|error| format!("no HTTP client for {}: {error}", target.url))?;
        let url = target.url.as_str().parse().map_err(|error: bridge_types::Invalid| error.to_string())?;
        let tokens = self.tokens(credential);
        Ok(PartnerApi::new(&*policy.partner, url, target.audience.clone(), tokens, http))
    }

    fn tokens(&mut self, credential: Credential) -> TokenSource {
        let Self { issuer, token_http, clock, .. } = self;
        let file = credential.token_file().map(|file| file.path().to_owned());
        let client = (credential.client_id().clone(), file);
        let new = || TokenSource::new(issuer.clone(), credential, token_http.clone(), Arc::clone(clock));
        self.sources.entry(client).or_insert_with(new).clone()
    }
}

/// The authority that `[tls]` names for the own issuer.
pub(crate) fn own_authorities(file: &Located<PathBuf>) -> Result<Vec<Certificate>, ConfigError> {
    let refused = |found: String| {
        ConfigError::new(file.place.clone(), "the file that is named here cannot be used")
            .expected("PEM certificates of the authority of the own issuer")
            .found(found)
            .remedy("correct the path, which starts at this directory, or put the certificate there")
    };
    let pem = std::fs::read(&file.value).map_err(|error| refused(error.to_string()))?;
    authorities(&pem).map_err(refused)
}
