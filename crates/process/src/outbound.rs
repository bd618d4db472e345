use crate::config::Hosts;
use crate::reach::{PartnerNames, Reach};
use bridge_types::Network;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// How HTTP clients of this company reach the world: one builder for each use, so that a private authority is trusted
/// for the calls it was configured for and for nothing else.
#[derive(Debug, Clone)]
pub struct Outbound {
    hosts: Hosts,
}

impl Outbound {
    /// Clients that find these hosts at these addresses, and all others by the system's name service.
    pub fn new(hosts: Hosts) -> Self {
        Self { hosts }
    }

    /// A client for calls to a partner below one URL: like [`Outbound::client`], with the authority of this PEM if there is
    /// one, and to public addresses alone unless the operator permits others, by an entry in `[hosts]` for everybody or by
    /// networks for this partner.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn partner(
        &self,
        url: &Url,
        private_networks: &[Network],
        authority: Option<&[u8]>,
    ) -> Result<ClientBuilder, String> {
        Ok(self.streaming_partner(url, private_networks, authority)?.timeout(REQUEST_TIMEOUT))
    }

    /// Like [`Self::partner`], without a time-out for a whole exchange: for bodies that flow, whose time somebody else
    /// bounds.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn streaming_partner(
        &self,
        url: &Url,
        private_networks: &[Network],
        authority: Option<&[u8]>,
    ) -> Result<ClientBuilder, String> {
        let authorities = authority.map(authorities).transpose()?;
        let reach = Reach::new(url, private_networks);
        reach.check_host(url).map_err(|refused| refused.to_string())?;
        Ok(self.unbounded(url, authorities).dns_resolver(PartnerNames::of_the_system(reach)))
    }

    /// A client for calls below one URL.
    ///
    /// No redirects, no proxy from the environment, no `Referer`, time-outs, and `https` only (plain `http` only when the
    /// URL itself is plain, which its type allows on loopback alone). With authorities, only those are trusted; without,
    /// the system's are.
    pub fn client(&self, url: &Url, authorities: Option<Vec<Certificate>>) -> ClientBuilder {
        self.unbounded(url, authorities).timeout(REQUEST_TIMEOUT)
    }

    fn unbounded(&self, url: &Url, authorities: Option<Vec<Certificate>>) -> ClientBuilder {
        use_aws_lc();
        let secure = url.scheme() == "https";
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("bridge/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .https_only(secure)
            // No decoder is compiled in; should a dependency bring one, it stays off. A small body could unpack to anything.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT);
        for (name, address) in self.hosts.iter() {
            // The port is that of the URL; this one is never looked at.
            builder = builder.resolve(name, SocketAddr::new(address, 0));
        }
        match authorities {
            Some(authorities) => builder.tls_certs_only(authorities),
            // A plain client trusts nobody, and need not load the system's authorities for it.
            None if !secure => builder.tls_certs_only([]),
            None => builder,
        }
    }
}

/// The certificates of an authority, from PEM.
///
/// # Errors
/// A sentence for the operator.
pub fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if certificates.is_empty() => Err("no certificate".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("certificates that cannot be used ({error})")),
    }
}

/// Makes aws-lc-rs the provider of every TLS connection of this process, those of HTTP clients included.
///
/// A second call changes nothing, so that two companies can live in one test process.
pub fn use_aws_lc() {
    if CryptoProvider::get_default().is_none() {
        // An error here says that another thread was first, which is as good.
        drop(aws_lc_rs::default_provider().install_default());
    }
}
