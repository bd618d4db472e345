use crate::IssuerConfig;
use bridge_types::Invalid;
use std::time::Duration;

/// How old what partners know of revoked tokens may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusListConfig {
    ttl: Duration,
    lifetime: Duration,
}

impl StatusListConfig {
    /// After how long a partner fetches a list again unless the configuration says otherwise.
    pub const DEFAULT_TTL: Duration = Duration::from_secs(30);

    /// How long a list is valid unless the configuration says otherwise.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_mins(20);

    /// How much longer than the longest-lived token a list must be valid, besides its `ttl`: the clocks of the two
    /// companies may be 30 seconds apart in either direction.
    const MARGIN: Duration = Duration::from_mins(1);

    /// Lists that are fetched again after `ttl` and are valid for `lifetime`, both in whole seconds.
    ///
    /// A list outlives every token that was issued before it was made, so that an issuer that is down never has a token
    /// refused because of its list.
    ///
    /// # Errors
    /// When `ttl` is not from 1 second to 10 minutes, or `lifetime` not from 16 minutes and `ttl` to 24 hours.
    pub fn new(ttl: Duration, lifetime: Duration) -> Result<Self, Invalid> {
        let whole = |duration: Duration| duration.subsec_nanos() == 0;
        if !whole(ttl) || !(Duration::from_secs(1)..=Duration::from_mins(10)).contains(&ttl) {
            let found = format!("{ttl:?}");
            return Err(Invalid::new("status list ttl", "whole seconds, from 1 second to 10 minutes", &found));
        }
        let shortest = IssuerConfig::MAX_LIFETIME + Self::MARGIN + ttl;
        if !whole(lifetime) || !(shortest..=Duration::from_hours(24)).contains(&lifetime) {
            let found = format!("{lifetime:?}");
            let expected = "whole seconds, from 16 minutes and the ttl (no token may outlive its list) to 24 hours";
            return Err(Invalid::new("status list lifetime", expected, &found));
        }
        Ok(Self { ttl, lifetime })
    }

    /// After how long a partner fetches a list again.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// How long a list is valid.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

impl Default for StatusListConfig {
    fn default() -> Self {
        Self { ttl: Self::DEFAULT_TTL, lifetime: Self::DEFAULT_LIFETIME }
    }
}

#[cfg(test)]
mod tests {
    use super::StatusListConfig;
    use std::time::Duration;

    #[test]
    fn a_list_outlives_every_token_and_is_not_kept_for_ever() {
        for (ttl_ms, lifetime_s, accepted) in [
            (30_000, 1200, true),
            (1_000, 961, true),
            (600_000, 1560, true),
            (30_000, 86_400, true),
            (0, 1200, false),
            (999, 1200, false),
            (1_500, 1200, false),
            (601_000, 3600, false),
            (30_000, 989, false),
            (30_000, 86_401, false),
        ] {
            let (ttl, lifetime) = (Duration::from_millis(ttl_ms), Duration::from_secs(lifetime_s));
            assert_eq!(StatusListConfig::new(ttl, lifetime).is_ok(), accepted, "{ttl:?} {lifetime:?}");
        }
        let standard = StatusListConfig::default();
        assert_eq!(StatusListConfig::new(standard.ttl(), standard.lifetime()), Ok(standard));
    }
}
