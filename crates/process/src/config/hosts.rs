use super::words::HostAddr;
use bridge_types::Invalid;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// Static addresses of host names, as `/etc/hosts` has them: the section `[hosts]`.
///
/// `localhost` and all below it (RFC 6761 §6.3) keep to this machine: plain `http` is allowed there for that reason alone,
/// and an entry must not carry it away. Names are compared as URLs write them, so capitals, which would never match, are
/// refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(BTreeMap<String, IpAddr>);

impl Hosts {
    /// Each name with its address.
    pub fn iter(&self) -> impl Iterator<Item = (&str, IpAddr)> {
        self.0.iter().map(|(name, address)| (name.as_str(), *address))
    }
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HostsVisitor)
    }
}

struct HostsVisitor;

impl<'de> Visitor<'de> for HostsVisitor {
    type Value = Hosts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of host names with their addresses")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hosts, A::Error> {
        let mut hosts = BTreeMap::new();
        while let Some(HostName(name)) = map.next_key()? {
            let address = map.next_value_seed(AddressOf(&name))?;
            hosts.insert(name, address);
        }
        Ok(Hosts(hosts))
    }
}

/// The address that stands for a name. Checked where it stands, so that the complaint names its line.
struct AddressOf<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for AddressOf<'_> {
    type Value = IpAddr;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<IpAddr, D::Error> {
        let HostAddr(address) = HostAddr::deserialize(deserializer)?;
        let local = self.0 == "localhost" || self.0.ends_with(".localhost");
        if local && !address.to_canonical().is_loopback() {
            let expected = "a loopback address, because localhost is this machine";
            return Err(D::Error::custom(Invalid::new("host", expected, &address.to_string())));
        }
        Ok(address)
    }
}

/// A host name as a URL writes it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct HostName(String);

impl TryFrom<String> for HostName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let labels = text.split('.').all(|label| (1..=63).contains(&label.len()) && label.bytes().all(allowed));
        // A last label of digits makes it an address (WHATWG URL, "ends in a number").
        let named = !text.rsplit('.').next().unwrap_or_default().bytes().all(|byte| byte.is_ascii_digit());
        if text.len() <= 253 && labels && named {
            return Ok(Self(text));
        }
        let expected = "a host name in lower case, such as issuer.company-a.example, and no address";
        Err(Invalid::new("host name", expected, &text))
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    fn read(entry: &str) -> Result<Hosts, String> {
        let table = bridge_strict_toml::parse(entry).unwrap();
        bridge_strict_toml::read(table).map_err(|defect| defect.to_string())
    }

    #[test]
    fn localhost_cannot_be_sent_off_this_machine() {
        for name in ["localhost", "issuer.localhost", "a.b.localhost"] {
            for address in ["10.0.0.1", "192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "::ffff:10.0.0.1"] {
                let refused = read(&format!("\"{name}\" = \"{address}\"")).unwrap_err();
                assert!(refused.contains("a loopback address"), "{name} {address}: {refused}");
            }
            for address in ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"] {
                assert!(read(&format!("\"{name}\" = \"{address}\"")).is_ok(), "{name} {address}");
            }
        }
        assert!(read("\"localhost.example\" = \"10.0.0.1\"").is_ok());
    }

    #[test]
    fn a_name_that_could_never_match_is_refused() {
        let long = "a".repeat(64);
        for name in [
            "Issuer.example",
            "LOCALHOST",
            "127.0.0.1",
            "127.1",
            "[::1]",
            "::1",
            "localhost.",
            ".a",
            "",
            "a b",
            "ä.example",
            &long,
        ] {
            let refused = read(&format!("\"{name}\" = \"127.0.0.1\"")).expect_err(name);
            assert!(refused.contains("a host name in lower case"), "{name}: {refused}");
        }
    }
}
