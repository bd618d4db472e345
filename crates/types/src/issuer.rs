use crate::Invalid;
use crate::invalid::text_word;
use std::sync::Arc;
use url::{Host, Url};

const FORM: &str = "an absolute https URL without query, fragment, user or password (plain http on loopback only)";

/// An issuer identifier (RFC 8414 §2, RFC 9207 §2).
///
/// The text is kept as it was written and compared byte for byte (RFC 8414 §3.3): no case folding,
/// no default port, no trailing slash is added or removed. `https` is required; `http` is accepted
/// for a loopback host alone, because nothing leaves the machine there.
///
/// Does NOT check that anybody answers at that URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssuerUrl(Arc<str>);

text_word!(IssuerUrl);

impl IssuerUrl {
    fn check(text: &str) -> Result<(), Invalid> {
        parse_base(text).map(drop).ok_or_else(|| Invalid::new("issuer", FORM, text))
    }

    /// The parsed form, for building addresses. Never compare with it: identifiers compare as text.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "the constructor parsed the same text")]
    pub fn to_url(&self) -> Url {
        Url::parse(&self.0).expect("an issuer is a URL by construction")
    }

    /// The address of the metadata of an OpenID provider (OpenID Connect Discovery §4.1: the well-known part goes behind
    /// the path).
    pub fn openid_configuration_url(&self) -> Url {
        let mut url = self.to_url();
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{path}/.well-known/openid-configuration"));
        url
    }

    /// The address of the metadata document (RFC 8414 §3.1: the well-known part goes between host and path).
    pub fn metadata_url(&self) -> Url {
        let mut url = self.to_url();
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
        url
    }
}

/// Parses an absolute `https` URL (or `http` on loopback) that names a party: no query, fragment or credentials,
/// and no character that `Url` would silently drop or rewrite.
pub(crate) fn parse_base(text: &str) -> Option<Url> {
    if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !text.contains('@');
    let secure = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(&url),
        _ => false,
    };
    (bare && secure && text.contains("://")).then_some(url)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The issuer of the own company: the only place from which a client of this company may get tokens.
///
/// A type of its own, so that no function that fetches tokens can be handed a partner's issuer.
/// It cannot be made from a [`PartnerIssuer`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnIssuer(IssuerUrl);

impl OwnIssuer {
    /// Declares an issuer to be the own company's. Call this once, where the configuration is read.
    pub fn new(issuer: IssuerUrl) -> Self {
        Self(issuer)
    }

    /// The identifier.
    pub fn url(&self) -> &IssuerUrl {
        &self.0
    }
}

/// An issuer that a trust policy names: its tokens may be accepted, and its keys fetched, but no token is ever
/// requested from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartnerIssuer(IssuerUrl);

impl PartnerIssuer {
    /// Declares an issuer to be one that a trust policy names.
    pub fn new(issuer: IssuerUrl) -> Self {
        Self(issuer)
    }

    /// The identifier.
    pub fn url(&self) -> &IssuerUrl {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::IssuerUrl;

    #[test]
    fn accepts_https_and_plain_loopback() {
        for text in [
            "https://issuer.company-a.example",
            "https://issuer.company-a.example/",
            "https://issuer.company-a.example:8443/tenant/1",
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
            "http://localhost",
        ] {
            assert_eq!(text.parse::<IssuerUrl>().map(|i| i.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "issuer.company-a.example",
            "http://issuer.company-a.example",
            "http://localhost.evil.example",
            "ftp://issuer.example",
            "https://",
            "https:/issuer.example",
            "https://issuer.example?x=1",
            "https://issuer.example#x",
            "https://user@issuer.example",
            "https://issuer.example\\x",
            "https://issuer.example/ ",
            "https://issuer.exam\tple",
            "https://issüer.example",
        ] {
            assert!(text.parse::<IssuerUrl>().is_err(), "accepted {text:?}");
        }
    }

    #[test]
    fn compares_byte_for_byte() {
        let bare: IssuerUrl = "https://issuer.example".parse().unwrap();
        for other in ["https://issuer.example/", "https://ISSUER.example", "https://issuer.example:443"] {
            assert_ne!(bare, other.parse().unwrap());
        }
    }

    #[test]
    fn metadata_goes_between_host_and_path() {
        for (issuer, metadata) in [
            ("https://a.example", "https://a.example/.well-known/oauth-authorization-server"),
            ("https://a.example/", "https://a.example/.well-known/oauth-authorization-server"),
            ("https://a.example:1/t", "https://a.example:1/.well-known/oauth-authorization-server/t"),
        ] {
            assert_eq!(issuer.parse::<IssuerUrl>().unwrap().metadata_url().as_str(), metadata);
        }
    }
}
