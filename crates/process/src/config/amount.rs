use bridge_types::Invalid;
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::time::Duration;

/// How many there may be: 1 to 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Whole")]
pub struct Count(u16);

impl Count {
    /// A number that stands in the program.
    pub const fn of(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    pub fn get(self) -> usize {
        self.0.into()
    }
}

impl TryFrom<Whole> for Count {
    type Error = Invalid;

    fn try_from(Whole(number): Whole) -> Result<Self, Invalid> {
        let count = u16::try_from(number).ok().filter(|count| *count > 0);
        count.map(Self).ok_or_else(|| Invalid::new("count", "1 to 65535", &number.to_string()))
    }
}

/// How long something may take: 1 second to 10 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(Duration);

impl Span {
    /// A time that stands in the program.
    pub const fn of(time: Duration) -> Self {
        Self(time)
    }

    /// The time.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl TryFrom<String> for Span {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let span = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
        let allowed = |span: &Duration| (Duration::from_secs(1)..=Duration::from_mins(10)).contains(span);
        span.filter(allowed).map(Self).ok_or_else(|| Invalid::new("time", "1s to 10m, such as \"75s\"", &text))
    }
}

/// A number, also when it is written as text: environment variables can be nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole(u64);

impl Whole {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeVisitor;

        impl Visitor<'_> for WholeVisitor {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Whole, E> {
                u64::try_from(number).map(Whole).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Whole, E> {
                text.parse().map(Whole).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(WholeVisitor)
    }
}
