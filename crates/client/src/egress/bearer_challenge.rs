use super::challenge::Challenge;
use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// What a resource server says about a bearer token (RFC 6750 §3, RFC 9728 §5.1). Every text is the partner's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BearerChallenge {
    /// `invalid_token`, `insufficient_scope`, `invalid_request`; absent when the request had no credentials.
    pub error: Option<String>,
    /// For developers.
    pub error_description: Option<String>,
    /// The scope that the request needs.
    pub scope: Option<String>,
    /// Where the API describes itself. For diagnosis only: no issuer is ever chosen by it, because then the partner
    /// would choose who gets our credentials.
    pub resource_metadata: Option<String>,
}

impl BearerChallenge {
    /// True when a 401 says that another token may do: `error="invalid_token"` (RFC 6750 §3.1).
    pub(super) fn asks_for_another_token(&self) -> bool {
        self.error.as_deref() == Some("invalid_token")
    }

    /// The first `Bearer` challenge of an answer. Fields that do not parse do not count.
    pub fn find(headers: &HeaderMap) -> Option<Self> {
        let fields = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|field| field.to_str().ok());
        let mut challenges = fields.flat_map(|field| Challenge::parse_all(field).unwrap_or_default());
        let bearer = challenges.find(|challenge| challenge.scheme().eq_ignore_ascii_case("bearer"))?;
        let param = |name| bearer.param(name).map(str::to_owned);
        Some(Self {
            error: param("error"),
            error_description: param("error_description"),
            scope: param("scope"),
            resource_metadata: param("resource_metadata"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::BearerChallenge;
    use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};

    fn find(fields: &[&'static str]) -> Option<BearerChallenge> {
        let named = |field: &&'static str| (WWW_AUTHENTICATE, HeaderValue::from_static(field));
        BearerChallenge::find(&fields.iter().map(named).collect::<HeaderMap>())
    }

    #[test]
    fn is_found_among_others() {
        let fields = ["Basic realm=x", "=broken=", r#"Digest a=b, BEARER Error="invalid_token", scope="a b""#];
        let found = find(&fields).unwrap();
        assert_eq!(found.error.as_deref(), Some("invalid_token"));
        assert_eq!(found.scope.as_deref(), Some("a b"));
    }

    #[test]
    fn is_not_made_up() {
        assert_eq!(find(&[]), None);
        assert_eq!(find(&["Basic realm=\"Bearer error=invalid_token\"", "Bearerish error=invalid_token"]), None);
        assert_eq!(find(&["Bearer error=\"invalid_token"]), None);
        assert_eq!(find(&["Bearer"]).unwrap(), BearerChallenge::default());
    }
}
