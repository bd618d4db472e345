//! What may be attacked: this machine and private networks, and what the user says that they may.

use crate::error::CannotRun;
use reqwest::Url;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Where the target is, provided that it may be attacked: every one of its addresses is on loopback or in a private
/// network, or its host was named as one whose operator has agreed.
///
/// Only these addresses are connected to afterwards, so that a name cannot lead somewhere else later.
pub(super) async fn permitted(
    target: &Url,
    hosts: &BTreeMap<String, IpAddr>,
    authorised: &[String],
) -> Result<Vec<SocketAddr>, CannotRun> {
    let wrong = |problem: &str| CannotRun::Request(format!("--target {target}: {problem}"));
    let host = target.host_str().filter(|_| matches!(target.scheme(), "http" | "https"));
    let host = host.ok_or_else(|| wrong("expected an http or https URL"))?;
    let port = target.port_or_known_default().unwrap_or_default();
    let known = hosts.get(host).copied().or_else(|| bare(host).parse().ok());
    let addresses = match known {
        Some(address) => vec![SocketAddr::new(address, port)],
        None => resolve(host, port).await?,
    };
    if addresses.is_empty() {
        return Err(wrong("the host has no address"));
    }
    let public = addresses.iter().find(|address| !is_private(address.ip()));
    match public {
        Some(address) if !authorised.iter().any(|name| name == host) => Err(wrong(&format!(
            "{} is a public address; when its operator has agreed to this test, say so: --i-am-authorised {host}",
            address.ip()
        ))),
        _ => Ok(addresses),
    }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, CannotRun> {
    let found = tokio::net::lookup_host((host, port)).await;
    found.map(Iterator::collect).map_err(CannotRun::system(format!("find the host {host}")))
}

/// An IPv6 address stands in brackets in a URL.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Loopback, RFC 1918 and RFC 4193. Not link-local: that is where clouds keep their secrets.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_private, permitted};
    use std::collections::BTreeMap;

    async fn allowed(target: &str, authorised: &[&str]) -> bool {
        let hosts = BTreeMap::from([
            ("api.company-b.example".to_owned(), "127.0.0.1".parse().unwrap()),
            ("api.public.example".to_owned(), "192.0.2.1".parse().unwrap()),
        ]);
        let authorised: Vec<String> = authorised.iter().map(|host| (*host).to_owned()).collect();
        permitted(&target.parse().unwrap(), &hosts, &authorised).await.is_ok()
    }

    #[tokio::test]
    async fn attacks_its_own_network_without_being_asked_and_others_only_by_name() {
        for target in
            ["http://127.0.0.1:1", "https://[::1]:1", "https://10.1.2.3", "https://api.company-b.example:8452"]
        {
            assert!(allowed(target, &[]).await, "{target}");
        }
        for target in ["https://192.0.2.1", "https://api.public.example", "http://169.254.169.254", "ftp://127.0.0.1"] {
            assert!(!allowed(target, &[]).await, "{target}");
        }
        assert!(allowed("https://api.public.example", &["api.public.example"]).await);
        assert!(!allowed("https://api.public.example", &["public.example"]).await, "the whole name is needed");
    }

    #[test]
    fn knows_private_addresses() {
        for (address, private) in [
            ("127.0.0.2", true),
            ("192.168.1.1", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("8.8.8.8", false),
            ("::1", true),
            ("fd00::1", true),
            ("::ffff:10.0.0.1", true),
            ("::ffff:8.8.8.8", false),
            ("fe80::1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), private, "{address}");
        }
    }
}
