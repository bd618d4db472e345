use bridge_issuer::TokenLimits;
use bridge_limits::Rate;
use bridge_process::config::{Count, Span, Whole};
use bridge_types::Invalid;
use bridge_validator::RequestLimits;
use serde::Deserialize;
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
    /// Lines in the log for refusals of one kind; the rest are counted, and told of in one line a second. Default: 20.
    pub logged_refusals_per_second: Requests,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections_per_address: Count::of(256),
            keep_alive: Span::of(Duration::from_secs(75)),
            body_time: Span::of(Duration::from_secs(10)),
            requests_per_second: Requests(RequestLimits::default().requests_per_client),
            tokens_per_second: Requests(TokenLimits::default().tokens_per_client),
            refusals_per_second: Requests(RequestLimits::default().refusals_per_address),
            logged_refusals_per_second: Requests(RequestLimits::default().logged_refusals),
        }
    }
}

impl LimitsConfig {
    /// What of it concerns the API.
    pub(crate) fn requests(&self) -> RequestLimits {
        RequestLimits {
            requests_per_client: self.requests_per_second.0,
            refusals_per_address: self.refusals_per_second.0,
            logged_refusals: self.logged_refusals_per_second.0,
        }
    }

    /// What of it concerns the token endpoint.
    pub(crate) fn tokens(&self) -> TokenLimits {
        TokenLimits {
            tokens_per_client: self.tokens_per_second.0,
            refusals_per_address: self.refusals_per_second.0,
            logged_refusals: self.logged_refusals_per_second.0,
        }
    }
}

/// So many a second; whoever was quiet for ten seconds may send ten seconds' worth at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Whole")]
pub struct Requests(pub Rate);

impl TryFrom<Whole> for Requests {
    type Error = Invalid;

    fn try_from(number: Whole) -> Result<Self, Invalid> {
        u32::try_from(number.get()).unwrap_or(u32::MAX).try_into().map(Self)
    }
}
