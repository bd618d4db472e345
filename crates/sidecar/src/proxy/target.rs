use super::refusal::Refusal;
use http::{Method, Uri};

/// Where a request goes: a partner, and a path and query at its API.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'r> {
    pub(super) partner: &'r str,
    pub(super) path: &'r str,
    pub(super) query: Option<&'r str>,
}

/// Spellings of a slash, a backslash and the end of a text. A partner that decodes them sees another path than the one
/// whose scopes were chosen here.
const HIDDEN: [&str; 3] = ["%2f", "%5c", "%00"];
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

impl<'r> Target<'r> {
    /// Takes the target of a request apart.
    ///
    /// Only the origin form (RFC 9112 §3.2.1) is accepted: the absolute form and `CONNECT` are for proxies that go where
    /// the caller says, and this one goes where the configuration says. What is left to refuse, dot segments in every
    /// spelling and a second slash at the start, is refused by `bridge_client::ApiUrl::join`.
    pub(super) fn of(method: &Method, uri: &'r Uri) -> Result<Self, Refusal> {
        if !METHODS.contains(method) {
            return Err(Refusal::Method);
        }
        if uri.scheme().is_some() || uri.authority().is_some() {
            return Err(Refusal::Path {
                expected: "a path, found a whole address: do not configure the sidecar as an HTTP proxy",
            });
        }
        let beyond_slash = uri.path().strip_prefix('/');
        let (partner, path) = match beyond_slash
            .map(|rest| rest.split_once('/').map_or((rest, ""), |(name, _)| (name, &rest[name.len()..])))
        {
            Some((partner, path)) if !partner.is_empty() => (partner, if path.is_empty() { "/" } else { path }),
            _ => return Err(Refusal::Path { expected: "/PARTNER/PATH" }),
        };
        let spelled = path.to_ascii_lowercase();
        if HIDDEN.iter().any(|hidden| spelled.contains(hidden)) {
            return Err(Refusal::Path { expected: "a path without encoded slashes, backslashes and zero bytes" });
        }
        Ok(Self { partner, path, query: uri.query() })
    }

    /// The path and query at the partner's API.
    pub(super) fn path_and_query(&self) -> String {
        match self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, Target};
    use http::{Method, Uri};

    #[test]
    fn the_first_segment_names_the_partner_and_the_rest_is_its_path() {
        for (uri, partner, rest) in [
            ("/company-b/shipments?limit=2", "company-b", "/shipments?limit=2"),
            ("/company-b/", "company-b", "/"),
            ("/company-b", "company-b", "/"),
            ("/company-b?a=b", "company-b", "/?a=b"),
            ("/company-b/a//b", "company-b", "/a//b"),
            ("/company-b//evil.example/a", "company-b", "//evil.example/a"),
            ("/%63ompany-b/a", "%63ompany-b", "/a"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            let target = Target::of(&Method::GET, &uri).unwrap();
            assert_eq!((target.partner, target.path_and_query().as_str()), (partner, rest));
        }
    }

    #[test]
    fn only_paths_are_accepted() {
        for uri in [
            "http://127.0.0.1:8470/company-b/a",
            "http://evil.example/company-b/a",
            "https://evil.example",
            "evil.example:443",
            "*",
            "/",
            "//company-b/a",
            "/company-b/a%2Fb",
            "/company-b/..%2f..%2Fa",
            "/company-b/a%5Cb",
            "/company-b/a%00",
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert!(matches!(Target::of(&Method::GET, &uri), Err(Refusal::Path { .. })), "accepted {uri}");
        }
    }

    #[test]
    fn methods_that_echo_or_tunnel_are_refused() {
        let uri: Uri = "/company-b/a".parse().unwrap();
        for method in ["CONNECT", "TRACE", "TRACK", "get", "PROPFIND", "PRI"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert!(matches!(Target::of(&method, &uri), Err(Refusal::Method)), "accepted {method}");
        }
    }
}
