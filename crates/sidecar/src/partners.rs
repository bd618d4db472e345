use crate::config::{ClientSettings, CredentialSource, PartnerSettings, Routes, SidecarConfig};
use crate::credential::{self, Version};
use crate::error::StartError;
use bridge_client::{Credential, OutboundHttp, PartnerApi, TokenSource};
use bridge_process::config::{ConfigError, Located};
use bridge_process::{Outbound, authorities};
use bridge_types::{Clock, OwnIssuer};
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

/// The partners by name. A handle: clones share one table.
#[derive(Debug, Clone)]
pub(crate) struct Partners(Arc<BTreeMap<String, Partner>>);

impl Partners {
    /// Reads the credential and the authorities, and makes the partners. Contacts nobody.
    ///
    /// # Errors
    /// When the credential, an authority or a partner's address cannot be used.
    pub(crate) fn connect(config: &SidecarConfig, clock: Arc<dyn Clock>) -> Result<(Self, KeyWatch), StartError> {
        let issuer = OwnIssuer::new(config.issuer.url.clone());
        let outbound = Outbound::new(config.hosts.clone());
        let key_watch = KeyWatch::start(&config.client)?;
        let tokens = {
            let pem = config.issuer.ca_file.as_ref().map(read_pem).transpose()?;
            let ca = match (&config.issuer.ca_file, pem) {
                (Some(file), Some(pem)) => Some(authorities(&pem).map_err(|found| unusable_ca(file, found))?),
                _ => None,
            };
            let http = OutboundHttp::new(outbound.client(&issuer.url().to_url(), ca))
                .map_err(|error| StartError::system("no HTTP client for the own issuer", error))?;
            TokenSource::new(issuer, key_watch.credential.clone(), http, clock)
        };
        let mut partners = BTreeMap::new();
        for (name, settings) in &config.partners {
            let api = PartnerApi::new(
                name.as_str(),
                settings.url.value.clone(),
                settings.audience.clone(),
                tokens.clone(),
                http(&outbound, settings)?,
            );
            partners.insert(name.to_string(), Partner { api, routes: settings.routes.clone() });
        }
        Ok((Self(Arc::new(partners)), key_watch))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Partner> {
        self.0.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Partner> {
        self.0.values()
    }
}

/// Has the client sign with the key in its file, also after that was replaced. Tokens that are at hand stay in use: they
/// were got rightly.
pub(crate) struct KeyWatch {
    client: ClientSettings,
    credential: Credential,
    version: Option<Version>,
}

impl KeyWatch {
    /// Has nothing to follow when the platform gives the client tokens: their file is read for each request.
    fn start(client: &ClientSettings) -> Result<Self, ConfigError> {
        if let CredentialSource::Platform(file) = &client.credential.value {
            tracing::info!(target: "bridge", event = "credential_loaded", outcome = "ok", client_id = %client.client_id,
                file = %file.path().display(), "the platform's token is the credential");
            let credential = Credential::of_platform(client.client_id.clone(), file.clone());
            return Ok(Self { client: client.clone(), credential, version: None });
        }
        // Looked at before it is read, so that a change in between is seen as one.
        let version = Version::of(client);
        let key = credential::read(client)?;
        tracing::info!(target: "bridge", event = "credential_loaded", outcome = "ok", client_id = %client.client_id,
            kid = %key.kid(), "credential in use");
        let credential = Credential::new(client.client_id.clone(), key);
        Ok(Self { client: client.clone(), credential, version })
    }

    /// Follows the file until the sidecar stops. A file that cannot be used changes nothing.
    pub(crate) async fn follow(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let version = Version::of(&self.client);
            if version != self.version {
                self.version = version;
                self.renew();
            }
        }
    }

    fn renew(&self) {
        let client_id = &self.client.client_id;
        match credential::read(&self.client) {
            Ok(key) => {
                tracing::info!(target: "bridge", event = "credential_loaded", outcome = "ok", %client_id, kid = %key.kid(),
                    "credential in use");
                self.credential.replace_key(key);
            }
            Err(error) => {
                tracing::error!(target: "bridge", event = "credential_rejected", outcome = "error", %client_id, detail = %error,
                    "credential not accepted: the last good one stays in use");
            }
        }
    }
}

/// The HTTP client for one partner: its authority and its networks, and nobody else's.
fn http(outbound: &Outbound, settings: &PartnerSettings) -> Result<OutboundHttp, StartError> {
    let PartnerSettings { url, ca_file, private_networks, .. } = settings;
    let pem = ca_file.as_ref().map(read_pem).transpose()?;
    let builder = outbound.streaming_partner(&url.value.to_url(), private_networks, pem.as_deref());
    let builder = builder.map_err(|found| match ca_file {
        Some(file) if pem.as_deref().is_some_and(|pem| authorities(pem).is_err()) => unusable_ca(file, found),
        _ => ConfigError::new(url.place.clone(), "an address that cannot be called")
            .expected("a partner at a public address, in `private_networks`, or in [hosts]")
            .found(found)
            .remedy("correct the address, or name the network that the partner is in"),
    })?;
    OutboundHttp::new(builder).map_err(|error| StartError::system("no HTTP client for a partner", error))
}

fn read_pem(file: &Located<PathBuf>) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(&file.value).map_err(|error| unusable_ca(file, error.to_string()))
}

fn unusable_ca(file: &Located<PathBuf>, found: String) -> ConfigError {
    ConfigError::new(file.place.clone(), format!("the file {} cannot be used", file.value.display()))
        .expected("PEM certificates of an authority")
        .found(found)
        .remedy("correct the path, or put the certificate there")
}
