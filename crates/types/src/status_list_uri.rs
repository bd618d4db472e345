use crate::Invalid;
use crate::invalid::text_word;
use crate::issuer::is_loopback;
use std::sync::Arc;
use url::Url;

const MAX: usize = 512;

/// The address of a status list: the `uri` of a token's `status` claim and the `sub` of the list itself
/// (draft-ietf-oauth-status-list §6.2, §5.1). Kept and compared byte for byte.
///
/// An absolute `http` or `https` URL. Does NOT check that it may be fetched: see [`StatusListUri::is_secure`], and ask
/// the policy for its host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusListUri(Arc<str>);

text_word!(StatusListUri);

impl StatusListUri {
    fn check(text: &str) -> Result<(), Invalid> {
        let form = "an absolute http or https URL of at most 512 bytes, without fragment, user or password";
        parse(text).map(drop).ok_or_else(|| Invalid::new("status list uri", form, text))
    }

    /// The parsed form, for fetching. Never compare with it: the addresses of lists compare as text.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "the constructor parsed the same text")]
    pub fn to_url(&self) -> Url {
        Url::parse(&self.0).expect("the address of a list is a URL by construction")
    }

    /// True for `https`, and for plain `http` on a loopback host, where nothing leaves the machine.
    pub fn is_secure(&self) -> bool {
        let url = self.to_url();
        url.scheme() == "https" || is_loopback(&url)
    }

    /// The host as a policy writes it: lower case, without port.
    pub fn host(&self) -> String {
        self.to_url().host_str().unwrap_or_default().to_owned()
    }
}

/// No character that `Url` would silently drop or rewrite, so that text and parsed form are the same address.
fn parse(text: &str) -> Option<Url> {
    let plain = text.len() <= MAX && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if !plain || !(text.starts_with("https://") || text.starts_with("http://")) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let bare = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let authority = text.split("://").nth(1)?.split(['/', '?']).next()?;
    (bare && url.host().is_some() && !authority.is_empty() && !authority.contains('@')).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::StatusListUri;

    #[test]
    fn accepts_addresses_that_can_be_fetched_and_says_which_are_secure() {
        for (text, secure, host) in [
            ("https://issuer.a.example/status-lists/1", true, "issuer.a.example"),
            ("https://ISSUER.a.example:8441/s?list=1", true, "issuer.a.example"),
            ("http://issuer.a.example/status-lists/1", false, "issuer.a.example"),
            ("http://127.0.0.1:9000/1", true, "127.0.0.1"),
        ] {
            let uri: StatusListUri = text.parse().unwrap();
            assert_eq!((uri.as_str(), uri.is_secure(), uri.host().as_str()), (text, secure, host));
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "/status-lists/1",
            "status-lists/1",
            "urn:list:1",
            "ftp://a.example/1",
            "HTTPS://a.example/1",
            "https:/a.example/1",
            "https://",
            "https:///1",
            "https://a.example/1#x",
            "https://user@a.example/1",
            "https://@a.example/1",
            "https://user:secret@a.example/1",
            "https://a.example/ 1",
            "https://a.example/1\n",
            "https://a.example\\1",
            "https://ä.example/1",
            &format!("https://a.example/{}", "x".repeat(512)),
        ] {
            assert!(text.parse::<StatusListUri>().is_err(), "accepted {text:?}");
        }
    }
}
