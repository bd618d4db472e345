//! Which addresses a partner's names may lead to.

use async_trait::async_trait;
use bridge_types::{Network, is_public_address};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::{fmt, io};
use url::{Host, Url};

/// Where connections to one partner may go.
///
/// A partner's names are in the partner's hands: without this, it could let them lead into our own networks and have us
/// knock at whatever stands there (RFC 9700 §4.11 describes the like for authorization servers; RFC 8414 §6.2).
#[derive(Debug, Clone)]
pub(crate) enum Reach {
    /// For `https`: public addresses, and the networks that the policy names.
    Public(Vec<Network>),
    /// For plain `http`, which its types allow on loopback alone: nowhere else, whatever `localhost` leads to.
    Loopback,
}

impl Reach {
    pub(crate) fn new(url: &Url, private_networks: &[Network]) -> Self {
        if url.scheme() == "https" { Self::Public(private_networks.to_vec()) } else { Self::Loopback }
    }

    /// The host of a URL, provided that it is a name, which is judged once it is looked up, or a permitted address.
    pub(crate) fn check_host(&self, url: &Url) -> Result<(), AddressRefused> {
        let address: IpAddr = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.judge(&address.to_string(), address)
    }

    fn judge(&self, name: &str, address: IpAddr) -> Result<(), AddressRefused> {
        let (permitted, expected) = match self {
            Self::Public(networks) => (
                is_public_address(address) || networks.iter().any(|network| network.contains(address)),
                "a public address, one in private_networks of the policy, or an entry in [hosts]",
            ),
            Self::Loopback => {
                (address.to_canonical().is_loopback(), "a loopback address, because the URL is plain http")
            }
        };
        if permitted { Ok(()) } else { Err(AddressRefused { name: name.to_owned(), expected, found: address }) }
    }
}

/// A name of a partner that leads where no partner's name may lead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("address of {name} refused: expected {expected}, found {found}")]
pub(crate) struct AddressRefused {
    name: String,
    expected: &'static str,
    found: IpAddr,
}

/// The name service of an HTTP client for one partner.
///
/// The addresses that are judged are the very ones that are connected to: nothing asks a second time, so a name that
/// changes between two questions gains nothing. One bad address spoils the answer, because which one a connection takes is
/// chance.
pub(crate) struct PartnerNames {
    reach: Arc<Reach>,
    names: Arc<dyn NameService>,
}

impl PartnerNames {
    /// Names as the system resolves them.
    pub(crate) fn of_the_system(reach: Reach) -> Self {
        Self { reach: Arc::new(reach), names: Arc::new(SystemNames) }
    }
}

impl Resolve for PartnerNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, names) = (Arc::clone(&self.reach), Arc::clone(&self.names));
        Box::pin(async move {
            let addresses = names.addresses(name.as_str()).await?;
            for address in &addresses {
                reach.judge(name.as_str(), address.ip())?;
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl fmt::Debug for PartnerNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerNames").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// Finds the addresses of a name.
#[async_trait]
trait NameService: Send + Sync {
    async fn addresses(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

struct SystemNames;

#[async_trait]
impl NameService for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        // The port is that of the URL; this one is never looked at.
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{NameService, PartnerNames, Reach};
    use async_trait::async_trait;
    use reqwest::dns::Resolve;
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};
    use std::{io, iter};

    /// Gives each question the next answer.
    struct Answers(Mutex<Vec<&'static [&'static str]>>);

    #[async_trait]
    impl NameService for Answers {
        async fn addresses(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
            let answer = self.0.lock().unwrap().remove(0);
            Ok(answer.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect())
        }
    }

    fn names(url: &str, networks: &[&str], answers: &[&'static [&'static str]]) -> PartnerNames {
        let networks: Vec<_> = networks.iter().map(|network| network.parse().unwrap()).collect();
        let reach = Arc::new(Reach::new(&url.parse().unwrap(), &networks));
        PartnerNames { reach, names: Arc::new(Answers(Mutex::new(answers.to_vec()))) }
    }

    async fn resolve(names: &PartnerNames) -> Result<Vec<String>, String> {
        let found = names.resolve("issuer.partner.example".parse().unwrap()).await;
        found.map(|found| found.map(|address| address.ip().to_string()).collect()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_that_leads_into_a_network_of_our_own_is_refused() {
        for address in [
            &["127.0.0.1"][..],
            &["10.0.0.1"],
            &["172.16.5.4"],
            &["192.168.1.1"],
            &["169.254.169.254"],
            &["100.100.100.200"],
            &["0.0.0.0"],
            &["::1"],
            &["::"],
            &["fd00:ec2::254"],
            &["fe80::1"],
            &["::ffff:127.0.0.1"],
            &["::ffff:169.254.169.254"],
            &["64:ff9b::a9fe:a9fe"],
            &["2002:7f00:1::1"],
            &["93.184.216.34", "10.0.0.1"],
            &["2606:4700::1111", "::1"],
        ] {
            let error = resolve(&names("https://issuer.partner.example", &[], &[address])).await.unwrap_err();
            let found = address.last().unwrap().parse::<std::net::IpAddr>().unwrap();
            assert!(
                error.starts_with("address of issuer.partner.example refused: expected a public address"),
                "{error}"
            );
            assert!(error.ends_with(&format!("found {found}")), "{error}");
        }
    }

    #[tokio::test]
    async fn public_addresses_and_those_that_the_operator_permits_are_connected_to() {
        for (networks, address) in [
            (&[][..], "93.184.216.34"),
            (&[], "2606:4700::1111"),
            (&[], "64:ff9b::5db8:d822"),
            (&["10.20.0.0/16"], "10.20.3.4"),
            (&["10.20.0.0/16", "fd00:20::/48"], "fd00:20::1"),
            (&["10.20.0.0/16"], "93.184.216.34"),
        ] {
            let address: &'static [&'static str] = Box::leak(Box::new([address]));
            let found = resolve(&names("https://issuer.partner.example", networks, &[address])).await;
            assert_eq!(found, Ok(vec![address[0].to_owned()]));
        }
        for address in [&["10.21.0.1"], &["127.0.0.1"], &["169.254.169.254"]] {
            let names = names("https://issuer.partner.example", &["10.20.0.0/16"], &[address]);
            assert!(resolve(&names).await.is_err(), "{address:?} is in another network than the permitted one");
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_is_judged_each_time() {
        let answers: [&[&str]; 3] = [&["93.184.216.34"], &["127.0.0.1"], &["93.184.216.34"]];
        let names = names("https://issuer.partner.example", &[], &answers);
        let found: Vec<bool> = vec![resolve(&names).await, resolve(&names).await, resolve(&names).await]
            .into_iter()
            .map(|found| found.is_ok())
            .collect();
        assert_eq!(found, [true, false, true]);
    }

    #[tokio::test]
    async fn plain_http_stays_on_this_machine_whatever_localhost_means() {
        for (address, permitted) in [
            (&["127.0.0.1", "::1"][..], true),
            (&["::ffff:127.0.0.1"], true),
            (&["10.0.0.1"], false),
            (&["93.184.216.34"], false),
        ] {
            let names = names("http://localhost:9000", &["10.0.0.0/8"], &[address]);
            assert_eq!(resolve(&names).await.is_ok(), permitted, "{address:?}");
        }
    }

    #[test]
    fn an_address_in_the_url_itself_is_judged_too() {
        let check = |url: &str, networks: &[&str]| {
            let networks: Vec<_> = networks.iter().map(|network| network.parse().unwrap()).collect();
            let url = url.parse().unwrap();
            Reach::new(&url, &networks).check_host(&url).is_ok()
        };
        for url in iter::once("https://93.184.216.34").chain(["https://[2606:4700::1111]:8443", "https://a.example"]) {
            assert!(check(url, &[]), "{url}");
        }
        for url in [
            "https://127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://0177.0.0.1",
            "https://10.0.0.1:8443",
            "https://169.254.169.254",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]",
            "https://[64:ff9b::10.0.0.1]",
            "https://[fe80::1]",
        ] {
            assert!(!check(url, &["192.168.0.0/16"]), "{url}");
        }
        assert!(check("https://127.0.0.1", &["127.0.0.0/8"]) && check("http://127.0.0.1:9000", &[]));
    }
}
