use crate::Invalid;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const FORM: &str =
    "a network such as 10.20.0.0/16 or fd00:20::/48, of at least 8 bits (IPv6: 7), with no host bits set";

/// A network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), as operators write it to permit addresses that are not
/// public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// True for an address of the network. An IPv4 address that is written as IPv6 counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let plain = bits.bytes().all(|b| b.is_ascii_digit()) && !bits.starts_with('0');
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok().filter(|_| plain)?);
        // Wider networks than the widest private ones would contain public addresses, and say nothing.
        let no_host_bits = match address {
            IpAddr::V4(address) if (8..=32).contains(&bits) => {
                address.to_bits().trailing_zeros() >= 32 - u32::from(bits)
            }
            IpAddr::V6(v6) if (7..=128).contains(&bits) && address.to_canonical() == address => {
                v6.to_bits().trailing_zeros() >= 128 - u32::from(bits)
            }
            _ => false,
        };
        no_host_bits.then_some(Self { address, bits })
    }
}

impl std::str::FromStr for Network {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text).ok_or_else(|| Invalid::new("network", FORM, text))
    }
}

impl TryFrom<String> for Network {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// True for an address that stands on the public Internet. Everything else may be a machine of our own: loopback, private
/// and link-local networks, the metadata services of clouds, and every range that the IANA registries of special-purpose
/// addresses (RFC 6890) call not globally reachable.
///
/// An IPv6 address that carries an IPv4 one to which the network would translate it (RFC 4291 §2.5.5.2, and the
/// well-known prefix of RFC 6052 §2.1) is judged by that one. Does NOT know prefixes that a network chose itself for such a
/// translation (RFC 6052 §2.2).
pub fn is_public_address(address: IpAddr) -> bool {
    match meant(address) {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The IPv4 address that an IPv6 address stands for, where there is one.
fn meant(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = address.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        other => other,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    // This network, private, loopback, benchmarks, multicast, reserved and broadcast.
    let own = matches!((a, b, c), (0 | 10 | 127 | 224.., ..) | (172, 16..=31, _) | (192, 168, _) | (198, 18 | 19, _));
    // Carrier-grade NAT, and link-local, where clouds keep their secrets.
    let local = matches!((a, b), (100, 64..=127) | (169, 254));
    // Protocol assignments, documentation, and the relays of 6to4, which RFC 7526 ended.
    let assigned = matches!((a, b, c), (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113));
    // A public address by its range, but inside Azure it is the host's own service for every virtual machine.
    !(own || local || assigned) && address != Ipv4Addr::new(168, 63, 129, 16)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    match (a, b) {
        // Protocol assignments with Teredo and ORCHID, documentation, and 6to4.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff) => false,
        // All that IANA gives out as global unicast (RFC 4291 §2.4); the rest is local, multicast or reserved.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, is_public_address};
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn knows_what_may_be_a_machine_of_our_own() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::10.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:0:5ef5:79fd::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:a9fe:a9fe::1",
            "2002:808:808::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public_address(address.parse().unwrap()), "{address} counts as public");
        }
    }

    #[test]
    fn lets_the_internet_through() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "168.63.129.17",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(is_public_address(address.parse().unwrap()), "{address} counts as our own");
        }
    }

    #[test]
    fn a_network_has_one_spelling_and_is_no_wider_than_a_private_one() {
        for text in ["10.0.0.0/8", "127.0.0.1/32", "192.168.16.0/20", "fc00::/7", "fd00:20::/48", "::1/128"] {
            assert_eq!(text.parse::<Network>().map(|network| network.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/0",
            "0.0.0.0/0",
            "10.0.0.0/7",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0/8",
            "10.0.0.0/8 ",
            "::/0",
            "fc00::/6",
            "fd00::1/48",
            "fd00::/129",
            "private",
            "::ffff:10.0.0.0/104",
            "/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "accepted {text:?}");
        }
    }

    #[test]
    fn contains_its_own_addresses_alone() {
        let contains =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        for (network, inside, outside) in [
            ("10.20.0.0/16", "10.20.255.255", "10.21.0.0"),
            ("10.20.0.0/16", "::ffff:10.20.0.1", "::10.20.0.1"),
            ("127.0.0.1/32", "127.0.0.1", "127.0.0.2"),
            ("fd00:20::/48", "fd00:20:0:ffff::1", "fd00:20:1::1"),
            ("::1/128", "::1", "::2"),
        ] {
            assert!(contains(network, inside) && !contains(network, outside), "{network}");
        }
    }

    proptest! {
        #[test]
        fn every_way_to_write_an_ipv4_address_is_judged_alike(bits in any::<u32>()) {
            let plain = Ipv4Addr::from_bits(bits);
            let translated: IpAddr = format!("64:ff9b::{plain}").parse().unwrap();
            prop_assert_eq!(is_public_address(plain.into()), is_public_address(plain.to_ipv6_mapped().into()));
            prop_assert_eq!(is_public_address(plain.into()), is_public_address(translated));
        }

        #[test]
        fn a_network_holds_exactly_the_addresses_that_share_its_first_bits(
            address in any::<u32>(), other in any::<u32>(), near in 0_u32..32, bits in 8_u32..=32,
        ) {
            let mask = u32::MAX << (32 - bits);
            let network: Network = format!("{}/{bits}", Ipv4Addr::from_bits(address & mask)).parse().unwrap();
            for other in [other, address ^ (1 << near)] {
                prop_assert_eq!(network.contains(Ipv4Addr::from_bits(other).into()), (address ^ other) & mask == 0);
            }
        }
    }
}
