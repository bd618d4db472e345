//! The words of a policy file that no other file has.

use bridge_jose::Algorithm;
use bridge_types::{Invalid, Network};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::path::{Component, Path};
use std::time::Duration;

/// The first moment that does not belong to the day any more, in UTC.
pub(super) fn end_of(last: Date) -> Timestamp {
    let after = last.tomorrow().and_then(|day| day.to_zoned(TimeZone::UTC));
    after.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

/// A whole number of seconds, minutes or hours, such as `"15m"`; at most one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Lifetime(pub(super) Duration);

impl TryFrom<String> for Lifetime {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let seconds = || {
            let digits = text.get(..text.len().checked_sub(1)?)?;
            let unit = match text.as_bytes().last()? {
                b's' => 1,
                b'm' => 60,
                b'h' => 3600,
                _ => return None,
            };
            let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
            digits
                .parse::<u64>()
                .ok()
                .filter(|_| plain)?
                .checked_mul(unit)
                .filter(|seconds| (1..=3600).contains(seconds))
        };
        let expected = "a number with s, m or h, such as \"15m\", from \"1s\" to \"1h\"";
        seconds().map(|s| Self(Duration::from_secs(s))).ok_or_else(|| Invalid::new("duration", expected, &text))
    }
}

/// Algorithms, at least one, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Algorithms(pub(super) Vec<Algorithm>);

impl<'de> Deserialize<'de> for Algorithms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let listed = Vec::<Algorithm>::deserialize(deserializer)?;
        let repeated = listed.iter().enumerate().any(|(index, algorithm)| listed[..index].contains(algorithm));
        if listed.is_empty() || repeated {
            let found = if repeated { "a repeated one" } else { "an empty list" };
            return Err(de::Error::custom(format!("expected one or more algorithms, each once, found {found}")));
        }
        Ok(Self(listed))
    }
}

/// `"none"`. The other two values of the design are known, and refused until their proofs can be checked: a policy that
/// demands a proof must never be read as one that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct NoSenderConstraint;

impl TryFrom<String> for NoSenderConstraint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "none" => Ok(Self),
            "dpop" | "mtls" => {
                Err(format!("this release cannot verify {text} proofs: expected \"none\", found \"{text}\""))
            }
            _ => Err(Invalid::new("sender constraint", "\"none\"", &text).to_string()),
        }
    }
}

/// A host name without port.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HostName(pub(super) String);

impl TryFrom<String> for HostName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= 253 && text.split('.').all(label) {
            return Ok(Self(text));
        }
        Err(Invalid::new("host", "a lower-case host name without port, such as \"issuer.example\"", &text))
    }
}

/// A network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct NetworkWord(pub(super) Network);

impl TryFrom<String> for NetworkWord {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse().map(Self)
    }
}

/// A name as files have it: of a partner, or of an own client.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct FileName(pub(super) String);

impl TryFrom<String> for FileName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(letter) {
            return Ok(Self(text));
        }
        Err(Invalid::new("name", "1 to 64 lower-case letters, digits and hyphens", &text))
    }
}

/// The name of a file that lies beside the policy. A path is refused: edits elsewhere would not be noticed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct NeighbourFile(pub(super) String);

impl TryFrom<String> for NeighbourFile {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let mut components = Path::new(&text).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(name)), None) if name == text.as_str() => Ok(Self(text)),
            _ => Err(Invalid::new("file name", "the name of a file in the same directory, without a path", &text)),
        }
    }
}

/// A date without time, unquoted as TOML writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "toml::value::Datetime")]
pub(super) struct Day(pub(super) Date);

impl TryFrom<toml::value::Datetime> for Day {
    type Error = String;

    fn try_from(found: toml::value::Datetime) -> Result<Self, String> {
        let whole_day = found.time.is_none() && found.offset.is_none();
        let part = |part: u8| i8::try_from(part).ok();
        let date = found
            .date
            .filter(|_| whole_day)
            .and_then(|date| Date::new(i16::try_from(date.year).ok()?, part(date.month)?, part(date.day)?).ok());
        date.map(Self).ok_or_else(|| format!("expected a day such as 2027-06-30, found {found}"))
    }
}

/// `"discover"` or `{ jwks_file = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keys {
    Discover,
    File(NeighbourFile),
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"discover\" or { jwks_file = \"FILE\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Keys, E> {
                if text == "discover" {
                    Ok(Keys::Discover)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(text), &self))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Keys, A::Error> {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                struct FromFile {
                    jwks_file: NeighbourFile,
                }
                let file = FromFile::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Keys::File(file.jwks_file))
            }
        }

        deserializer.deserialize_any(KeysVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::{HostName, Lifetime, end_of};
    use jiff::civil::date;

    #[test]
    fn durations_have_one_form() {
        for (text, seconds) in [("1s", 1), ("15m", 900), ("60m", 3600), ("1h", 3600)] {
            assert_eq!(Lifetime::try_from(text.to_owned()).map(|life| life.0.as_secs()), Ok(seconds));
        }
        for text in [
            "",
            "m",
            "0s",
            "15",
            "015m",
            "+5m",
            "1.5m",
            "15 m",
            "15M",
            "-1m",
            "61m",
            "2h",
            "1h30m",
            "1d",
            "ü",
            "9999999999999999999h",
        ] {
            assert!(Lifetime::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
    }

    #[test]
    fn host_names_have_no_port_no_case_and_no_path() {
        for text in ["issuer.company-a.example", "localhost", "127.0.0.1"] {
            assert!(HostName::try_from(text.to_owned()).is_ok(), "refused {text:?}");
        }
        for text in ["", "a.", ".a", "a..b", "-a", "a-", "A.example", "a:1", "a/b", "*.a", "a b", "ä.example"] {
            assert!(HostName::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
    }

    #[test]
    fn the_last_day_counts_whole() {
        assert_eq!(end_of(date(2027, 6, 30)).to_string(), "2027-07-01T00:00:00Z");
        assert_eq!(end_of(date(9999, 12, 31)), jiff::Timestamp::MAX);
    }
}
