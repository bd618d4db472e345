use bridge_types::Invalid;
use governor::Quota;
use serde::Deserialize;
use std::fmt;
use std::num::NonZeroU32;

/// So many requests a second, from 1 to 1,000,000. Whoever was quiet for ten seconds may send ten seconds' worth at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Rate(NonZeroU32);

/// How many seconds' worth of requests may come at once.
const BURST_SECONDS: u32 = 10;

const MOST: u32 = 1_000_000;

impl Rate {
    /// A rate that is known when the program is written.
    ///
    /// # Panics
    /// When it is out of range. In a `const`, that is at compile time.
    pub const fn per_second(requests: u32) -> Self {
        match NonZeroU32::new(requests) {
            Some(requests) if requests.get() <= MOST => Self(requests),
            _ => panic!("a rate is from 1 to 1,000,000 requests a second"),
        }
    }

    /// How many a second.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    pub(crate) fn quota(self) -> Quota {
        Quota::per_second(self.0).allow_burst(self.0.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1)))
    }
}

impl TryFrom<u32> for Rate {
    type Error = Invalid;

    fn try_from(requests: u32) -> Result<Self, Invalid> {
        let rate = NonZeroU32::new(requests).filter(|requests| requests.get() <= MOST);
        rate.map(Self).ok_or_else(|| Invalid::new("rate", "1 to 1000000 a second", &requests.to_string()))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a second", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;

    #[test]
    fn a_rate_is_neither_nothing_nor_absurd() {
        for (requests, accepted) in [(0, false), (1, true), (1_000_000, true), (1_000_001, false), (u32::MAX, false)] {
            assert_eq!(Rate::try_from(requests).is_ok(), accepted, "{requests}");
        }
    }
}
