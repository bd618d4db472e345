use super::ConfigError;
use super::error::Place;

/// Turns the message of the TOML reader into a complaint with expected, found and remedy.
///
/// The reader has one text for everything; its few forms are stable and taken apart here. `excerpt` is the text the
/// reader points at.
pub fn explain(place: Place, message: &str, excerpt: &str) -> ConfigError {
    let message = message.trim();
    missing(&place, message)
        .or_else(|| unknown(&place, message))
        .or_else(|| mistyped(&place, message))
        .or_else(|| invalid_word(&place, message))
        .unwrap_or_else(|| malformed(place, message, excerpt))
}

fn missing(place: &Place, message: &str) -> Option<ConfigError> {
    let key = message.strip_prefix("missing field `")?.strip_suffix('`')?;
    let complaint = ConfigError::new(place.clone(), format!("missing key `{key}`"));
    Some(complaint.expected(format!("the key `{key}`")).found("no such key").remedy(format!("add `{key}` here")))
}

fn unknown(place: &Place, message: &str) -> Option<ConfigError> {
    let (kind, remedy, rest) = match message.strip_prefix("unknown field `") {
        Some(rest) => ("unknown key", "correct its name or remove it", rest),
        None => ("unknown value", "write one of the expected values", message.strip_prefix("unknown variant `")?),
    };
    let (found, expected) = rest.split_once("`, ")?;
    let expected = expected.strip_prefix("expected ").unwrap_or("no key at all");
    let complaint = ConfigError::new(place.clone(), format!("{kind} `{found}`"));
    Some(complaint.expected(expected).found(format!("`{found}`")).remedy(remedy))
}

fn mistyped(place: &Place, message: &str) -> Option<ConfigError> {
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .or_else(|| message.strip_prefix("invalid length "))?;
    let (found, expected) = rest.split_once(", expected ")?;
    let complaint = ConfigError::new(place.clone(), "a value of the wrong type");
    Some(complaint.expected(expected).found(found).remedy("write a value of the expected type"))
}

/// The form of `bridge_types::Invalid` and of the words of this crate: `invalid X: expected E, found F`.
fn invalid_word(place: &Place, message: &str) -> Option<ConfigError> {
    let (what, rest) = message.split_once(": expected ")?;
    let (expected, found) = rest.split_once(", found ")?;
    let complaint = ConfigError::new(place.clone(), what);
    Some(complaint.expected(expected).found(found).remedy("correct the value"))
}

fn malformed(place: Place, message: &str, excerpt: &str) -> ConfigError {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, "a TOML document"));
    let found = excerpt.lines().next().unwrap_or_default().trim();
    let found = if found.is_empty() { "the end of the line".to_owned() } else { format!("`{found}`") };
    ConfigError::new(place, what).expected(expected).found(found).remedy("correct this line")
}
