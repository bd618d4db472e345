use bridge_types::{Audience, Invalid};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// Where a partner's API is: the one origin, and the path under it, to which calls go.
///
/// `https`, or `http` on loopback; no query, fragment, user or password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl {
    base: Url,
    /// The path of the base without its last slash.
    prefix: String,
}

impl ApiUrl {
    /// The address of a path and query under this base.
    ///
    /// What would leave the base is refused rather than repaired: absolute and scheme-relative addresses, backslashes,
    /// fragments, and dot segments however they are encoded. A token sent to such an address would be a token given
    /// away. Text that is not in its URL-encoded form is refused too, so that what was checked is what is sent.
    ///
    /// # Errors
    /// [`Invalid`] with the form that was expected.
    pub fn join(&self, path_and_query: &str) -> Result<Url, Invalid> {
        let invalid =
            || Invalid::new("path", "an encoded path from / without dot segments, and a query if any", path_and_query);
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        if !is_safe_path(path) || !query.is_none_or(is_encoded) {
            return Err(invalid());
        }
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.prefix));
        url.set_query(query);
        let stays = url.origin() == self.base.origin() && url.path().strip_prefix(&self.prefix) == Some(path);
        if stays { Ok(url) } else { Err(invalid()) }
    }

    /// The base as a [`Url`].
    pub fn to_url(&self) -> Url {
        self.base.clone()
    }

    /// The text of the base.
    pub fn as_str(&self) -> &str {
        self.base.as_str()
    }
}

/// One slash at the start, legal characters, and no segment that a server could read as "here" or "up".
fn is_safe_path(path: &str) -> bool {
    let decoded = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    let climbs = decoded.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | "..")));
    path.starts_with('/') && !path.starts_with("//") && is_encoded(path) && !climbs
}

/// Only the characters of RFC 3986 §3.3 and §3.4, every percent sign with its two digits.
fn is_encoded(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let legal = match byte {
            b'%' => [bytes.next(), bytes.next()].iter().all(|digit| digit.is_some_and(|d| d.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte),
        };
        if !legal {
            return false;
        }
    }
    true
}

impl FromStr for ApiUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // An audience has the same form; here it is an address.
        let base = text.parse::<Audience>().map_err(|bad| Invalid::new("API address", bad.expected(), text))?.to_url();
        let prefix = base.path().trim_end_matches('/').to_owned();
        Ok(Self { base, prefix })
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.base.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ApiUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::ApiUrl;

    #[test]
    fn joins_paths_under_the_base() {
        for (base, path, joined) in [
            ("https://api.example", "/", "https://api.example/"),
            (
                "https://api.example",
                "/shipments/1?limit=2&after=a%20b",
                "https://api.example/shipments/1?limit=2&after=a%20b",
            ),
            ("https://api.example/", "/a//b", "https://api.example/a//b"),
            ("https://api.example:1/v1", "/a", "https://api.example:1/v1/a"),
            ("https://api.example/v1/", "/a?", "https://api.example/v1/a?"),
            ("https://api.example", "/@evil.example:80", "https://api.example/@evil.example:80"),
            ("https://api.example", "/a%2Fb/...?x=../..", "https://api.example/a%2Fb/...?x=../.."),
            ("http://127.0.0.1:9", "/%25%32%65", "http://127.0.0.1:9/%25%32%65"),
        ] {
            assert_eq!(base.parse::<ApiUrl>().unwrap().join(path).map(String::from), Ok(joined.to_owned()));
        }
    }

    #[test]
    fn refuses_every_path_that_would_leave_the_base() {
        for path in [
            "",
            "a",
            "?a",
            "#",
            "//evil.example",
            "//evil.example/a",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "https:evil.example",
            "@evil.example",
            ":80/",
            ".evil.example/",
            "/..",
            "/../a",
            "/a/../../b",
            "/./a",
            "/.",
            "/a/..;x=1/b",
            "/%2e%2e/a",
            "/.%2E/a",
            "/a%2f..%2f..%2fb",
            "/a%5c..%5Cb",
            "/a%2f%2e%2E%2fb",
            "/%2e",
            "/a#b",
            "/a?b#c",
            "/a b",
            "/a\tb",
            "/a\r\nhost: evil.example",
            "/a\0",
            "/ä",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a?%",
            "/a?\"",
            "/{a}",
            " /a",
        ] {
            for base in ["https://api.example", "https://api.example/v1"] {
                let joined = base.parse::<ApiUrl>().unwrap().join(path);
                assert!(joined.is_err(), "{base} and {path:?} gave {joined:?}");
            }
        }
    }

    #[test]
    fn the_base_itself_is_https_or_loopback() {
        for text in
            ["", "api.example", "http://api.example", "https://a@api.example", "https://api.example?x", "ftp://a"]
        {
            assert!(text.parse::<ApiUrl>().is_err(), "accepted {text:?}");
        }
    }
}
