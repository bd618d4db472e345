use crate::config::{CompanyConfig, Name};
use crate::error::StartError;
use crate::listeners::Listeners;
use bridge_types::{Audience, Invalid, IssuerUrl, OwnIssuer};
use serde::Serialize;
use std::net::SocketAddr;
use std::str::FromStr;

/// What the company is called on the wire: the configured URLs, or else the bound addresses.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) issuer: OwnIssuer,
    pub(crate) api: Audience,
}

/// Where a company serves: the one line of JSON that `serve` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// The name of the company.
    pub company: Name,
    /// The issuer.
    pub issuer: PublicAddress<IssuerUrl>,
    /// The API.
    pub api: PublicAddress<Audience>,
    /// The operations pages.
    pub operations: LocalAddress,
}

/// What a listener is called, and the address it is bound to.
#[derive(Debug, Clone, Serialize)]
pub struct PublicAddress<T> {
    /// The identifier, for partners and clients.
    pub url: T,
    /// The socket.
    pub address: SocketAddr,
}

/// The address that a listener is bound to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LocalAddress {
    /// The socket.
    pub address: SocketAddr,
}

impl Identity {
    /// Works out what the company is called when it serves at these addresses.
    ///
    /// # Errors
    /// When an address makes no URL, such as a port 0 that is not bound yet.
    pub(crate) fn of(company: &CompanyConfig, issuer: SocketAddr, api: SocketAddr) -> Result<Self, StartError> {
        let scheme = if company.tls.is_some() { "https" } else { "http" };
        let issuer = or_bound(company.issuer.url.as_ref(), scheme, issuer)?;
        let api = or_bound(company.api.url.as_ref(), scheme, api)?;
        Ok(Self { issuer: OwnIssuer::new(issuer), api })
    }

    /// The line that `serve` prints.
    pub(crate) fn addresses(&self, company: &Name, listeners: &Listeners) -> Addresses {
        Addresses {
            company: company.clone(),
            issuer: PublicAddress { url: self.issuer.url().clone(), address: listeners.issuer.address },
            api: PublicAddress { url: self.api.clone(), address: listeners.api.address },
            operations: LocalAddress { address: listeners.operations.address },
        }
    }
}

fn or_bound<T>(configured: Option<&T>, scheme: &str, address: SocketAddr) -> Result<T, StartError>
where
    T: Clone + FromStr<Err = Invalid>,
{
    if let Some(url) = configured {
        return Ok(url.clone());
    }
    if address.port() == 0 {
        return Err(StartError::system("a listener has no URL", "set `url`, because its port is not known beforehand"));
    }
    format!("{scheme}://{address}")
        .parse()
        .map_err(|error| StartError::system("a listener has no URL; set `url`", error))
}
