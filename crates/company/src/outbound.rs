use crate::config::{ConfigError, Located};
use crate::tls;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How HTTP clients of this company reach the world: one builder for each use, so that a private authority is trusted
/// for the calls it was configured for and for nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    hosts: BTreeMap<String, IpAddr>,
}

impl Outbound {
    /// Clients that find these hosts at these addresses, and all others by the system's name service.
    pub(crate) fn new(hosts: BTreeMap<String, IpAddr>) -> Self {
        Self { hosts }
    }

    /// A client for calls below one URL.
    ///
    /// No redirects, no proxy from the environment, no `Referer`, time-outs, and `https` only (plain `http` only when the URL
    /// itself is plain, which its type allows on loopback alone). With an authority file only that authority is trusted;
    /// without one, the system's are.
    ///
    /// # Errors
    /// When the authority file cannot be read.
    pub(crate) fn client(&self, url: &Url, ca_file: Option<&Located<PathBuf>>) -> Result<ClientBuilder, ConfigError> {
        tls::use_aws_lc();
        let secure = url.scheme() == "https";
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("bridge/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .https_only(secure)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT);
        for (name, address) in &self.hosts {
            builder = builder.resolve(name, SocketAddr::new(*address, 0));
        }
        match ca_file {
            Some(file) => Ok(builder.tls_certs_only(authorities(file)?)),
            // A plain client trusts nobody, and need not load the system's authorities for it.
            None if !secure => Ok(builder.tls_certs_only([])),
            None => Ok(builder),
        }
    }
}

fn authorities(file: &Located<PathBuf>) -> Result<Vec<Certificate>, ConfigError> {
    let unusable = |error: reqwest::Error| {
        ConfigError::new(file.place.clone(), format!("the file {} cannot be used", file.value.display()))
            .expected("PEM certificates of the authority")
            .found(error.to_string())
            .remedy("put the authority's certificate there")
    };
    tls::certificates(file)?.iter().map(|certificate| Certificate::from_der(certificate).map_err(unusable)).collect()
}
