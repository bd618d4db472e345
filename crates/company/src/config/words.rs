use bridge_issuer::IssuerConfig;
use bridge_types::Invalid;
use jiff::SignedDuration;
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

#[cfg(test)]
mod tests {
    use super::TokenLifetime;
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
}
