use bridge_types::Invalid;
use std::fmt;
use std::str::FromStr;
use url::{Host, Url};

/// Where OpenBao is: scheme, host and port. Plain `http` is accepted on loopback alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultAddress(Url);

impl VaultAddress {
    const FORM: &'static str = "https://HOST:PORT without a path (plain http on loopback only)";

    /// The URL of an endpoint.
    pub(crate) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("/v1/{path}"));
        url
    }

    /// The parsed form, for building a client.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for VaultAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refused = || {
            // Somebody may have put a password there.
            let shown = if text.contains('@') { "(an address with a user)" } else { text };
            Invalid::new("address of OpenBao", Self::FORM, shown)
        };
        let url = Url::parse(text).map_err(|_| refused())?;
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let secure = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if secure && bare && !text.contains('@') { Ok(Self(url)) } else { Err(refused()) }
    }
}

impl TryFrom<String> for VaultAddress {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl fmt::Display for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// A path inside OpenBao, such as the mount of an engine or the name of a role. Its parts are letters, digits, hyphens,
/// underscores and dots, so that it is itself in a URL and in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VaultPath(String);

impl VaultPath {
    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VaultPath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let part = |part: &str| !part.is_empty() && !matches!(part, "." | "..") && part.bytes().all(letter);
        if text.len() <= 512 && text.split('/').all(part) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new("path in OpenBao", "letters, digits and -_. in parts that are joined by /", text))
    }
}

impl TryFrom<String> for VaultPath {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl fmt::Display for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{VaultAddress, VaultPath};

    #[test]
    fn an_address_is_a_secure_host_and_nothing_more() {
        for text in ["https://bao.example:8200", "https://bao.example", "http://127.0.0.1:8200", "http://[::1]:1/"] {
            assert!(text.parse::<VaultAddress>().is_ok(), "{text}");
        }
        for text in [
            "",
            "bao.example:8200",
            "http://bao.example:8200",
            "https://bao.example/ui",
            "https://bao.example/?a=b",
            "https://bao.example/#a",
            "unix:///run/bao.sock",
        ] {
            assert!(text.parse::<VaultAddress>().is_err(), "accepted {text}");
        }
        let complaint = "https://user:hunter2@bao.example".parse::<VaultAddress>().unwrap_err().to_string();
        assert!(!complaint.contains("hunter2"), "{complaint}");
    }

    #[test]
    fn a_path_cannot_leave_its_place() {
        for text in ["", "/a", "a/", "a//b", "a/../b", ".", "a b", "a?b", "a#b", "a%2fb", "ä", "a\\b"] {
            assert!(text.parse::<VaultPath>().is_err(), "accepted {text:?}");
        }
        for text in ["transit", "database/creds/company-a", "company-a.keys_1"] {
            assert!(text.parse::<VaultPath>().is_ok(), "{text}");
        }
    }
}
