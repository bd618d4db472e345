use std::fmt;

/// A word that does not have the form its standard demands.
///
/// Says what was expected and what was found. The found text is cut to 80 characters and has its
/// control characters escaped, so it is safe to log even when an attacker chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    what: &'static str,
    expected: &'static str,
    found: String,
}

impl Invalid {
    /// A complaint about one word: its name, the form it should have had, and the text that came.
    pub fn new(what: &'static str, expected: &'static str, found: &str) -> Self {
        let mut excerpt: String = found.chars().take(80).flat_map(char::escape_debug).collect();
        if found.chars().nth(80).is_some() {
            excerpt.push('…');
        }
        Self { what, expected, found: excerpt }
    }

    /// The name of the word, such as `issuer` or `scope`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The text that came, cut and escaped.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The form that was expected.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid {}: expected {}, found \"{}\"", self.what, self.expected, self.found)
    }
}

impl std::error::Error for Invalid {}

/// Gives a word its conversions: `TryFrom<String>`, `FromStr`, `Display`, `AsRef<str>`, and serde by way of them.
macro_rules! text_word {
    ($name:ident) => {
        impl $name {
            /// The word exactly as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::Invalid;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl TryFrom<&str> for $name {
            type Error = crate::Invalid;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use text_word;

#[cfg(test)]
mod tests {
    use super::Invalid;

    #[test]
    fn shows_hostile_text_escaped_and_cut() {
        let shown = Invalid::new("scope", "a scope token", &"\n\u{1b}x".repeat(100)).to_string();
        assert!(!shown.contains('\n') && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.len() < 800, "{}", shown.len());
    }
}
