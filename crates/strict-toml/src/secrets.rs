use crate::Defect;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// What a key that holds a secret is called.
const SECRET_NAMES: [&str; 6] = ["secret", "password", "passphrase", "private_key", "api_key", "bearer"];

/// Refuses a table in which a secret stands literally: Bridge needs none there, and files are copied, mailed and
/// committed.
///
/// Recognised are keys with a telling name, PEM blocks of private keys, JSON Web Keys with a private member and anything
/// in the form of a token. This stops accidents, not somebody who hides a secret on purpose.
///
/// # Errors
/// A complaint about the first one, which does not quote it.
pub fn refuse_secrets(table: &DeTable<'_>) -> Result<(), Defect> {
    let private_jwk = table.contains_key("kty") && (table.contains_key("d") || table.contains_key("k"));
    for (key, value) in table {
        let name = key.get_ref();
        if private_jwk || has_secret_name(name) {
            return Err(literal_secret(key.span(), &format!("a literal value for `{name}`")));
        }
        refuse_in_value(value.span(), value.get_ref())?;
    }
    Ok(())
}

fn refuse_in_value(span: Range<usize>, value: &DeValue<'_>) -> Result<(), Defect> {
    match value {
        DeValue::Table(table) => refuse_secrets(table),
        DeValue::Array(values) => values.iter().try_for_each(|value| refuse_in_value(value.span(), value.get_ref())),
        DeValue::String(text) => secret_form(text).map_or(Ok(()), |form| Err(literal_secret(span, form))),
        _ => Ok(()),
    }
}

fn literal_secret(span: Range<usize>, found: &str) -> Defect {
    let expected = "no secret: keys are made and kept by the company itself, and TLS keys are named by path (key_file)";
    Defect {
        span,
        what: "a literal secret in the configuration".to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
        remedy: "remove it, replace that secret if it was real, and use `credential = \"managed\"` or a file path",
    }
}

fn has_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    !name.ends_with("_file") && SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

fn secret_form(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        return Some("a private key in PEM form");
    }
    if text.starts_with("eyJ") && text.matches('.').count() >= 2 {
        return Some("something in the form of a token");
    }
    (text.contains("\"kty\"") && (text.contains("\"d\"") || text.contains("\"k\""))).then_some("a private JSON Web Key")
}

#[cfg(test)]
mod tests {
    use super::{has_secret_name, secret_form};

    #[test]
    fn knows_a_secret_by_its_name() {
        for name in ["client_secret", "Client-Secret", "db_password", "passphrase", "private_key"] {
            assert!(has_secret_name(name), "{name}");
        }
        for name in ["key_file", "password_file", "certificate_file", "access_token_lifetime", "jwks_file"] {
            assert!(!has_secret_name(name), "{name}");
        }
    }

    #[test]
    fn knows_a_secret_by_its_form() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\nMIG",
            "-----BEGIN EC PRIVATE KEY-----",
            "eyJh.eyJp.c2ln",
            r#"{"kty":"EC","d":"x"}"#,
        ] {
            assert!(secret_form(text).is_some(), "{text}");
        }
        for text in ["-----BEGIN CERTIFICATE-----", "https://a.example", r#"{"kty":"EC","x":"x"}"#] {
            assert!(secret_form(text).is_none(), "{text}");
        }
    }
}
