use crate::StatusListConfig;
use bridge_jose::Algorithm;
use bridge_limits::Rate;
use bridge_types::{Invalid, IssuerUrl};
use std::time::Duration;

/// What an issuer is called and what its tokens are like.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    url: IssuerUrl,
    algorithm: Algorithm,
    lifetime: Duration,
    limits: TokenLimits,
    status_lists: StatusListConfig,
}

/// How much callers may ask of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimits {
    /// Tokens of one client. Default: 50 a second; a client needs one in minutes for each API.
    pub tokens_per_client: Rate,
    /// Refused requests of one address, by the address of the connection. Default: 100 a second.
    pub refusals_per_address: Rate,
    /// Lines in the log for refusals of one kind; one line more says how many were left out. Default: 20 a second.
    pub logged_refusals: Rate,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self {
            tokens_per_client: Rate::per_second(50),
            refusals_per_address: Rate::per_second(100),
            logged_refusals: Rate::per_second(20),
        }
    }
}

impl IssuerConfig {
    /// How long an access token lives unless the configuration says otherwise.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_mins(5);

    /// The longest life that an access token may have. A longer one would outlive what revocation promises.
    pub const MAX_LIFETIME: Duration = Duration::from_mins(15);

    /// An issuer of this identifier, signing with this algorithm. The lifetime of its tokens is in whole seconds.
    ///
    /// # Errors
    /// When the lifetime is below one second, above [`Self::MAX_LIFETIME`], or has a fraction of a second.
    pub fn new(url: IssuerUrl, algorithm: Algorithm, lifetime: Duration) -> Result<Self, Invalid> {
        let allowed = Duration::from_secs(1)..=Self::MAX_LIFETIME;
        if allowed.contains(&lifetime) && lifetime.subsec_nanos() == 0 {
            let (limits, status_lists) = (TokenLimits::default(), StatusListConfig::default());
            return Ok(Self { url, algorithm, lifetime, limits, status_lists });
        }
        let found = format!("{lifetime:?}");
        Err(Invalid::new("access token lifetime", "whole seconds, from 1 second to 15 minutes", &found))
    }

    /// The same with these limits, instead of [`TokenLimits::default`].
    #[must_use]
    pub fn with_limits(self, limits: TokenLimits) -> Self {
        Self { limits, ..self }
    }

    /// How much callers may ask.
    pub fn limits(&self) -> TokenLimits {
        self.limits
    }

    /// The same with other status lists than [`StatusListConfig::default`].
    #[must_use]
    pub fn with_status_lists(self, status_lists: StatusListConfig) -> Self {
        Self { status_lists, ..self }
    }

    /// The issuer identifier (RFC 8414 §2).
    pub fn url(&self) -> &IssuerUrl {
        &self.url
    }

    /// The algorithm that access tokens are signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How long an access token lives.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// How old what partners know of revoked tokens may become.
    pub fn status_lists(&self) -> StatusListConfig {
        self.status_lists
    }
}

#[cfg(test)]
mod tests {
    use super::IssuerConfig;
    use bridge_jose::Algorithm;
    use std::time::Duration;

    #[test]
    fn refuses_a_lifetime_beyond_a_quarter_of_an_hour() {
        let url: bridge_types::IssuerUrl = "https://issuer.company-a.example".parse().unwrap();
        for (milliseconds, accepted) in [
            (0, false),
            (999, false),
            (1_000, true),
            (1_500, false),
            (300_000, true),
            (900_000, true),
            (901_000, false),
        ] {
            let lifetime = Duration::from_millis(milliseconds);
            assert_eq!(IssuerConfig::new(url.clone(), Algorithm::Es256, lifetime).is_ok(), accepted, "{lifetime:?}");
        }
    }
}
