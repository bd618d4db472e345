use bridge_issuer::TokenLimits;
use bridge_limits::Rate;
use bridge_types::Invalid;
use bridge_validator::RequestLimits;
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::time::Duration;

/// The section `[limits]`: what one caller, or one address, may take of this company. Every key has a default.
///
/// An address is that of the connection, never what a header says; of an IPv6 address the /64 network counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// How many connections one address may have open at each listener. One more is closed at once. Default: 256.
    pub connections_per_address: Count,
    /// How long a connection stays open without a request. Default: 75 seconds.
    pub keep_alive: Span,
    /// How long the body of a request may take to arrive. Default: 10 seconds.
    pub body_time: Span,
    /// Requests that one client may send to the API, unless the policy of its issuer says otherwise. Default: 500.
    pub requests_per_second: Requests,
    /// Tokens that one own client may fetch. Default: 50.
    pub tokens_per_second: Requests,
    /// Refused requests of one address, at the API and at the token endpoint each, until 429 is all it hears. Default: 100.
    pub refusals_per_second: Requests,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections_per_address: Count(256),
            keep_alive: Span(Duration::from_secs(75)),
            body_time: Span(Duration::from_secs(10)),
            requests_per_second: Requests(RequestLimits::default().requests_per_client),
            tokens_per_second: Requests(TokenLimits::default().tokens_per_client),
            refusals_per_second: Requests(RequestLimits::default().refusals_per_address),
        }
    }
}

impl LimitsConfig {
    /// What of it concerns the API.
    pub(crate) fn requests(&self) -> RequestLimits {
        RequestLimits {
            requests_per_client: self.requests_per_second.0,
            refusals_per_address: self.refusals_per_second.0,
        }
    }

    /// What of it concerns the token endpoint.
    pub(crate) fn tokens(&self) -> TokenLimits {
        TokenLimits { tokens_per_client: self.tokens_per_second.0, refusals_per_address: self.refusals_per_second.0 }
    }
}

/// So many a second; whoever was quiet for ten seconds may send ten seconds' worth at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Whole")]
pub struct Requests(pub Rate);

impl TryFrom<Whole> for Requests {
    type Error = Invalid;

    fn try_from(Whole(number): Whole) -> Result<Self, Invalid> {
        u32::try_from(number).unwrap_or(u32::MAX).try_into().map(Self)
    }
}

/// How many there may be: 1 to 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Whole")]
pub struct Count(u16);

impl Count {
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
struct Whole(u64);

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
