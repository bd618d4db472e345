//! Identifiers that look like the right one. Issuers and audiences compare byte for byte (RFC 3986 §6.2.1).

/// A name, what was done, and the outcome.
pub(super) type Variant = (&'static str, &'static str, String);

/// Texts that a careless comparison takes for this identifier.
pub(super) fn variants_of_url(url: &str) -> Vec<Variant> {
    let mut variants = variants_of_text(url);
    if let Some((scheme, rest)) = url.split_once("://") {
        variants.extend(variants_of_parts(url, scheme, rest));
    }
    variants.retain(|(.., variant)| variant != url);
    variants
}

fn variants_of_text(text: &str) -> Vec<Variant> {
    vec![
        ("slash", "with a slash at the end", format!("{text}/")),
        ("no-slash", "without the slash at its end", text.trim_end_matches('/').to_owned()),
        ("upper-case", "in capitals", text.to_uppercase()),
        ("prefix", "without its last character", text[..text.len() - 1].to_owned()),
        ("longer", "with one character more", format!("{text}x")),
        ("look-alike", "with a Cyrillic letter", text.replacen(['e', 'a', '1'], "\u{435}", 1)),
        ("space", "with a space behind", format!("{text} ")),
        ("line-end", "with a line end behind", format!("{text}\n")),
        ("nul", "with a zero byte behind", format!("{text}\0")),
    ]
}

fn variants_of_parts(url: &str, scheme: &str, rest: &str) -> Vec<Variant> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let with_port = |port: &str| format!("{scheme}://{host}:{port}{path}");
    let default_port = if scheme == "http" { "80" } else { "443" };
    vec![
        ("path", "with a path", format!("{}/x", url.trim_end_matches('/'))),
        ("dot-segment", "with a path that leads back", format!("{}/x/..", url.trim_end_matches('/'))),
        ("query", "with a query", format!("{url}?x=1")),
        ("fragment", "with a fragment", format!("{url}#x")),
        ("host-upper-case", "with its host in capitals", format!("{scheme}://{}{path}", authority.to_uppercase())),
        ("scheme-upper-case", "with its scheme in capitals", format!("{}://{rest}", scheme.to_uppercase())),
        (
            "other-scheme",
            "with another scheme",
            format!("{}://{rest}", if scheme == "http" { "https" } else { "http" }),
        ),
        ("no-scheme", "without its scheme", rest.to_owned()),
        ("default-port", "with the default port written out", with_port(default_port)),
        ("other-port", "with another port", with_port("8444")),
        ("no-port", "without its port", format!("{scheme}://{host}{path}")),
        ("port-zeros", "with zeros before its port", with_port(&format!("0{}", port.unwrap_or(default_port)))),
        ("suffix", "continued to another domain", format!("{scheme}://{host}.attacker.example{path}")),
        ("user", "with a user in front of another host", format!("{scheme}://{authority}@attacker.example{path}")),
        ("user-in-front", "with a user in front", format!("{scheme}://user@{authority}{path}")),
        ("root-dot", "with a dot after its host", format!("{scheme}://{host}.{}", &rest[host.len()..])),
        ("encoded", "with a percent-encoded letter", format!("{scheme}://%{:02x}{}", rest.as_bytes()[0], &rest[1..])),
        ("backslash", "with a backslash", format!("{url}\\@attacker.example")),
    ]
}

/// True for what the profile takes for an identifier of an issuer or an API.
pub(super) fn is_base_url(text: &str) -> bool {
    text.parse::<bridge_types::Audience>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::variants_of_url;
    use std::collections::BTreeSet;

    #[test]
    fn every_variant_is_another_text_with_another_name() {
        for url in
            ["https://api.company-b.example", "http://127.0.0.1:9410/other", "https://a.example:443/", "orders-api"]
        {
            let variants = variants_of_url(url);
            assert!(variants.len() >= 7, "{url}: {}", variants.len());
            assert!(variants.iter().all(|(.., variant)| variant != url), "{url}");
            let names: BTreeSet<&str> = variants.iter().map(|(name, ..)| *name).collect();
            assert_eq!(names.len(), variants.len(), "{url}");
        }
    }
}
