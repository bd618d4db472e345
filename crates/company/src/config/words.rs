use bridge_issuer::IssuerConfig;
use bridge_types::Invalid;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::Deserialize;
use std::time::Duration;

/// How long an access token of the own issuer lives: 5 minutes unless said, 15 at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TokenLifetime(Duration);

impl TokenLifetime {
    /// The lifetime.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl Default for TokenLifetime {
    fn default() -> Self {
        Self(IssuerConfig::DEFAULT_LIFETIME)
    }
}

impl TryFrom<String> for TokenLifetime {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let refused = || Invalid::new("access token lifetime", "1s to 15m, such as \"5m\"", &text);
        let duration: SignedDuration = text.parse().map_err(|_| refused())?;
        let duration = Duration::try_from(duration).map_err(|_| refused())?;
        let allowed =
            (Duration::from_secs(1)..=IssuerConfig::MAX_LIFETIME).contains(&duration) && duration.subsec_nanos() == 0;
        if allowed { Ok(Self(duration)) } else { Err(refused()) }
    }
}

/// How long a key signs before it is replaced: 30 days unless said; or only when somebody asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RotationPeriod(Option<Duration>);

impl RotationPeriod {
    const DAY: Duration = Duration::from_hours(24);

    /// The period; `None` when keys are replaced on request alone.
    pub fn period(self) -> Option<Duration> {
        self.0
    }
}

impl Default for RotationPeriod {
    fn default() -> Self {
        Self(Some(Self::DAY * 30))
    }
}

impl TryFrom<String> for RotationPeriod {
    type Error = Invalid;

    /// An hour at the least: every rotation leaves a published key behind for a quarter of an hour.
    fn try_from(text: String) -> Result<Self, Invalid> {
        let refused = || Invalid::new("key rotation", "1h to 366d, such as \"30d\", or \"off\"", &text);
        if text == "off" {
            return Ok(Self(None));
        }
        let span: Span = text.parse().map_err(|_| refused())?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| refused())?;
        let period = Duration::try_from(duration).map_err(|_| refused())?;
        let allowed = (Duration::from_hours(1)..=Self::DAY * 366).contains(&period);
        if allowed { Ok(Self(Some(period))) } else { Err(refused()) }
    }
}

/// A span of time such as `"30s"`. What it may be depends on what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Period(pub(super) Duration);

impl TryFrom<String> for Period {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let refused = || Invalid::new("time", "a time such as \"30s\" or \"20m\"", &text);
        let duration: SignedDuration = text.parse().map_err(|_| refused())?;
        Duration::try_from(duration).map(Self).map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::{RotationPeriod, TokenLifetime};
    use std::time::Duration;

    #[test]
    fn a_lifetime_ends_within_a_quarter_of_an_hour() {
        for text in ["", "0s", "-5m", "15m 1s", "1h", "5", "0.5s", "5 parsecs"] {
            assert!(TokenLifetime::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        for (text, seconds) in [("1s", 1), ("5m", 300), ("15m", 900), ("1m 30s", 90)] {
            assert_eq!(
                TokenLifetime::try_from(text.to_owned()).map(TokenLifetime::duration),
                Ok(Duration::from_secs(seconds))
            );
        }
    }

    #[test]
    fn keys_are_replaced_neither_all_the_time_nor_never_by_mistake() {
        for text in ["", "0", "30", "59m", "-30d", "367d", "never", "OFF", "1 fortnight", "1mo"] {
            assert!(RotationPeriod::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        let days = |days: u64| Some(Duration::from_hours(24 * days));
        for (text, period) in
            [("30d", days(30)), ("1h", Some(Duration::from_hours(1))), ("366d", days(366)), ("off", None)]
        {
            assert_eq!(RotationPeriod::try_from(text.to_owned()).map(RotationPeriod::period), Ok(period), "{text}");
        }
        assert_eq!(RotationPeriod::default().period(), days(30));
    }
}
