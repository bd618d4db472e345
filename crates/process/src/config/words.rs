use bridge_types::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// The name of a company, a client or a partner: also the stem of its file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(letter) {
            return Ok(Self(text));
        }
        Err(Invalid::new("name", "1 to 64 lower-case letters, digits and hyphens", &text))
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a listener listens: an address of this machine and a port. Port 0 lets the system choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ListenAddr(pub SocketAddr);

impl TryFrom<String> for ListenAddr {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let form = "an IP address and a port, such as 127.0.0.1:8441";
        text.parse().map(Self).map_err(|_| Invalid::new("listener", form, &text))
    }
}

/// Where a listener listens that only this machine may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LoopbackAddr(pub SocketAddr);

impl TryFrom<String> for LoopbackAddr {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let address = text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback());
        address.map(Self).ok_or_else(|| Invalid::new("listener", "a loopback address such as 127.0.0.1:8443", &text))
    }
}

/// The static address of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HostAddr(pub IpAddr);

impl TryFrom<String> for HostAddr {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse().map(Self).map_err(|_| Invalid::new("host", "an IP address without port", &text))
    }
}

#[cfg(test)]
mod tests {
    use super::{LoopbackAddr, Name};

    #[test]
    fn a_name_is_a_safe_file_stem() {
        for text in ["", "A", "a b", "../a", "a.b", "a_b", &"a".repeat(65)] {
            assert!(Name::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        assert!(Name::try_from("company-a".to_owned()).is_ok());
    }

    #[test]
    fn the_operations_listener_stays_on_this_machine() {
        for text in ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "127.0.0.1", "localhost:1"] {
            assert!(LoopbackAddr::try_from(text.to_owned()).is_err(), "accepted {text}");
        }
    }
}
