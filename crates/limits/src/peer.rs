use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a connection comes from, as far as one machine can choose it: an IPv4 address, or the /64 network of an IPv6
/// address, of which every subscriber has at least one whole (RFC 6177 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerAddress(IpAddr);

impl PeerAddress {
    /// Stands for every peer without an address. They share what one address gets.
    pub const UNKNOWN: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
}

impl From<IpAddr> for PeerAddress {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)))),
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

impl From<Option<SocketAddr>> for PeerAddress {
    fn from(socket: Option<SocketAddr>) -> Self {
        socket.map_or(Self::UNKNOWN, |socket| socket.ip().into())
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PeerAddress;
    use std::net::IpAddr;

    #[test]
    fn what_one_machine_can_choose_is_one_peer() {
        for (address, peer) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(PeerAddress::from(address.parse::<IpAddr>().unwrap()).to_string(), peer);
        }
    }
}
