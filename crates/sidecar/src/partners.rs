use crate::config::{PartnerSettings, Routes, SidecarConfig};
use crate::credential::{self, Version};
use crate::error::StartError;
use arc_swap::ArcSwap;
use bridge_client::{Credential, OutboundHttp, PartnerApi, TokenSource};
use bridge_process::config::{ConfigError, Located, Name};
use bridge_process::{Outbound, authorities};
use bridge_types::{Clock, OwnIssuer};
use reqwest::Certificate;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the file of the credential is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// One partner: its API, and the scopes that each route needs.
#[derive(Debug)]
pub(crate) struct Partner {
    pub(crate) api: PartnerApi,
    pub(crate) routes: Routes,
}

/// The partners by name, as they are now. A handle: clones share one table.
#[derive(Debug, Clone)]
pub(crate) struct Partners(Arc<ArcSwap<BTreeMap<String, Arc<Partner>>>>);

impl Partners {
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Partner>> {
        self.0.load().get(name).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Partner>> {
        self.0.load().values().cloned().collect()
    }
}

/// Makes the partners anew when the client's credential changes.
pub(crate) struct Renewal {
    config: SidecarConfig,
    issuer: OwnIssuer,
    token_http: OutboundHttp,
    apis: Vec<(Name, OutboundHttp)>,
    clock: Arc<dyn Clock>,
    partners: Partners,
    version: Option<Version>,
}

impl Renewal {
    /// Reads the credential and the authorities, and makes the partners for the first time. Contacts nobody.
    ///
    /// # Errors
    /// When the credential or an authority cannot be used.
    pub(crate) fn start(config: SidecarConfig, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let issuer = OwnIssuer::new(config.issuer.url.clone());
        let outbound = Outbound::new(config.hosts.clone());
        let token_ca = config.issuer.ca_file.as_ref().map(read_authorities).transpose()?;
        let token_http = OutboundHttp::new(outbound.client(&issuer.url().to_url(), token_ca))
            .map_err(|error| StartError::system("no HTTP client for the own issuer", error))?;
        let http = |(name, partner): (&Name, &PartnerSettings)| {
            let ca = partner.ca_file.as_ref().map(read_authorities).transpose()?;
            let http = OutboundHttp::new(outbound.streaming_client(&partner.url.to_url(), ca))
                .map_err(|error| StartError::system("no HTTP client for a partner", error))?;
            Ok((name.clone(), http))
        };
        let apis = config.partners.iter().map(http).collect::<Result<_, StartError>>()?;
        // Looked at before it is read, so that a change in between is seen as one.
        let version = Version::of(&config.client);
        let credential = credential::read(&config.client)?;
        let partners = Partners(Arc::default());
        let renewal = Self { config, issuer, token_http, apis, clock, partners, version };
        renewal.connect(credential);
        Ok(renewal)
    }

    pub(crate) fn partners(&self) -> Partners {
        self.partners.clone()
    }

    /// Follows the file of the credential until the sidecar stops. A file that cannot be used changes nothing.
    pub(crate) async fn follow(mut self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let version = Version::of(&self.config.client);
            if version == self.version {
                continue;
            }
            self.version = version;
            match credential::read(&self.config.client) {
                Ok(credential) => self.connect(credential),
                Err(error) => {
                    tracing::error!(target: "bridge", event = "credential_rejected", outcome = "error", detail = %error,
                        "credential not accepted: the last good one stays in use");
                }
            }
        }
    }

    /// Tokens that were got with an earlier credential are not used again.
    fn connect(&self, credential: Credential) {
        let (client_id, kid) = (credential.client_id().clone(), credential.public().kid().clone());
        let tokens =
            TokenSource::new(self.issuer.clone(), credential, self.token_http.clone(), Arc::clone(&self.clock));
        let partner = |(name, http): &(Name, OutboundHttp)| {
            let settings = self.config.partners.get(name)?;
            let PartnerSettings { url, audience, routes, .. } = settings.clone();
            let api = PartnerApi::new(name.as_str(), url, audience, tokens.clone(), http.clone());
            Some((name.to_string(), Arc::new(Partner { api, routes })))
        };
        self.partners.0.store(Arc::new(self.apis.iter().filter_map(partner).collect()));
        tracing::info!(target: "bridge", event = "credential_loaded", outcome = "ok", iss = %self.issuer.url(), %client_id, %kid,
            "credential in use");
    }
}

fn read_authorities(file: &Located<PathBuf>) -> Result<Vec<Certificate>, ConfigError> {
    let refused = |found: String| {
        ConfigError::new(file.place.clone(), format!("the file {} cannot be used", file.value.display()))
            .expected("PEM certificates of an authority")
            .found(found)
            .remedy("correct the path, or put the certificate there")
    };
    let pem = std::fs::read(&file.value).map_err(|error| refused(error.to_string()))?;
    authorities(&pem).map_err(refused)
}
