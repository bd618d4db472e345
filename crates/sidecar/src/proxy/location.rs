use super::refusal::Refusal;
use super::target::Target;
use bridge_client::PartnerApi;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

/// Where an answer leads, as the application must read it; `None` when it leads nowhere.
///
/// For the application every partner has the same host, the sidecar's. So a path would be read as the name of another
/// partner, and an address with plain `http` may be the sidecar's own: a partner could have the application do at
/// another partner whatever it likes. What stays in the partner's API comes back as a path of the sidecar; an `https`
/// address, at which the sidecar never is, is handed on.
///
/// # Errors
/// [`Refusal::Answer`] for a redirect (RFC 9110 §15.4) to anywhere else. Of other answers the header is left out, because
/// they say that something was done.
pub(super) fn for_application(
    api: &PartnerApi,
    target: &Target<'_>,
    (status, headers): (StatusCode, &HeaderMap),
) -> Result<Option<HeaderValue>, Refusal> {
    let mut given = headers.get_all(LOCATION).iter();
    let Some(first) = given.next() else { return Ok(None) };
    let asked = api.url().join(&target.path_and_query()).ok();
    let led = first.to_str().ok().and_then(|text| asked?.join(text).ok()).filter(|_| given.next().is_none());
    let location = led.and_then(|led| seen_from_the_application(&led, target.partner, &api.url().to_url()));
    match location.and_then(|text| HeaderValue::try_from(text).ok()) {
        None if status.is_redirection() => Err(Refusal::Answer {
            found: "expected a redirect within the partner's API or to an https address, found another: it could lead to \
                    another partner in the application's name",
        }),
        location => Ok(location),
    }
}

fn seen_from_the_application(led: &Url, partner: &str, base: &Url) -> Option<String> {
    let prefix = base.path().trim_end_matches('/');
    let below = led.path().strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match below {
        Some(path) if led.origin() == base.origin() => {
            let query = led.query().map_or_else(String::new, |query| format!("?{query}"));
            let fragment = led.fragment().map_or_else(String::new, |fragment| format!("#{fragment}"));
            Some(format!("/{partner}{}{query}{fragment}", if path.is_empty() { "/" } else { path }))
        }
        _ => (led.scheme() == "https").then(|| led.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::seen_from_the_application;

    fn seen(base: &str, asked: &str, location: &str) -> Option<String> {
        let led = asked.parse::<url::Url>().unwrap().join(location).ok()?;
        seen_from_the_application(&led, "company-b", &base.parse().unwrap())
    }

    #[test]
    fn what_stays_in_the_api_is_a_path_of_the_sidecar() {
        for (base, location, expected) in [
            ("https://b.example", "/shipments/1", "/company-b/shipments/1"),
            ("https://b.example", "2?a=b#c", "/company-b/v1/2?a=b#c"),
            ("https://b.example", "?page=2", "/company-b/v1/a?page=2"),
            ("https://b.example", "https://b.example/x", "/company-b/x"),
            ("https://b.example", "HTTPS://B.example:443", "/company-b/"),
            ("https://b.example", "/../company-c/x", "/company-b/company-c/x"),
            ("https://b.example", "/%2e%2e/company-c", "/company-b/company-c"),
            ("https://b.example", "https://b.example//evil.example/x", "/company-b//evil.example/x"),
            ("https://b.example/v1/", "/v1/x", "/company-b/x"),
            ("https://b.example/v1", "/v1", "/company-b/"),
        ] {
            let found = seen(base, "https://b.example/v1/a", location);
            assert_eq!(found.as_deref(), Some(expected), "{base} {location}");
        }
    }

    #[test]
    fn no_partner_leads_the_application_to_another_one() {
        for (base, location, expected) in [
            ("https://b.example", "http://127.0.0.1:8470/company-c/x", None),
            ("https://b.example", "http://2130706433:8470/company-c/x", None),
            ("https://b.example", "http://localhost:8470/company-c/x", None),
            ("https://b.example", "http://b.example/x", None),
            ("https://b.example", "ftp://b.example/x", None),
            ("https://b.example", "//127.0.0.1:8470/company-c/x", Some("https://127.0.0.1:8470/company-c/x")),
            ("https://b.example", "\\\\127.0.0.1:8470\\company-c", Some("https://127.0.0.1:8470/company-c")),
            ("https://b.example", "https://files.example/x?sig=1", Some("https://files.example/x?sig=1")),
            ("https://b.example/v1", "/v1x", Some("https://b.example/v1x")),
            ("https://b.example/v1", "/company-c/x", Some("https://b.example/company-c/x")),
            ("http://127.0.0.1:9", "http://127.0.0.1:8470/company-c/x", None),
        ] {
            let asked = format!("{base}/a");
            assert_eq!(seen(base, &asked, location).as_deref(), expected, "{base} {location}");
        }
    }
}
