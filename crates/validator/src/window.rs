use crate::denial::Refusal;
use crate::reason::Reason;
use bridge_jose::profile::AccessTokenClaims;
use jiff::Timestamp;
use std::time::Duration;

/// How far the clocks of two companies may differ, in seconds.
pub(crate) const LEEWAY: i64 = 30;

/// When a token is valid, in whole seconds since 1970. Asked again at every use, because time is the one thing about a
/// verified token that changes by itself.
///
/// Claims count whole seconds, so comparing with the whole seconds of the clock loses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    not_before: i64,
    issued_at: i64,
    expires_at: i64,
}

impl Window {
    /// The window that the claims state.
    pub(crate) fn of(claims: &AccessTokenClaims) -> Result<Self, Refusal> {
        let (issued_at, expires_at) = (claims.iat.as_second(), claims.exp.as_second());
        if expires_at <= issued_at {
            let detail = format!("expected exp after iat, found exp {expires_at} and iat {issued_at}");
            return Err(Refusal::new(Reason::ClaimsMalformed, detail));
        }
        let not_before = claims.nbf.map_or(i64::MIN, bridge_jose::profile::NumericDate::as_second);
        Ok(Self { not_before, issued_at, expires_at })
    }

    /// The window, provided that `now` lies in it: `exp + leeway` is already outside, `nbf - leeway` and
    /// `iat - leeway` are still inside (RFC 7519 §4.1.4 to §4.1.6).
    pub(crate) fn open_at(self, now: Timestamp) -> Result<Self, Refusal> {
        let now = now.as_second();
        let (earliest, latest) = (now.saturating_sub(LEEWAY), now.saturating_add(LEEWAY));
        if self.expires_at <= earliest {
            return Err(Refusal::new(Reason::TokenExpired, format!("exp {} is past at {now}", self.expires_at)));
        }
        if self.not_before > latest {
            return Err(Refusal::new(Reason::TokenNotYetValid, format!("nbf {} is ahead of {now}", self.not_before)));
        }
        if self.issued_at > latest {
            return Err(Refusal::new(Reason::TokenIssuedInFuture, format!("iat {} is ahead of {now}", self.issued_at)));
        }
        Ok(self)
    }

    /// The window, provided that it is no longer than the policy accepts.
    pub(crate) fn within(self, longest: Duration) -> Result<Self, Refusal> {
        let life = self.expires_at.abs_diff(self.issued_at);
        if life <= longest.as_secs() {
            return Ok(self);
        }
        let detail = format!("expected at most {} seconds, found {life}", longest.as_secs());
        Err(Refusal::new(Reason::LifetimeExceeded, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use crate::reason::Reason;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use std::time::Duration;

    fn any_second() -> impl Strategy<Value = i64> {
        prop_oneof![
            Just(i64::MIN),
            Just(i64::MAX),
            Just(0),
            -100..100_i64,
            0..253_402_300_799_i64,
            1_767_225_500..1_767_225_700_i64
        ]
    }

    proptest! {
        #[test]
        fn is_open_exactly_when_plain_arithmetic_says_so(
            not_before in any_second(),
            issued_at in any_second(),
            expires_at in any_second(),
            now in 1_767_225_500..1_767_225_700_i64,
            milliseconds in 0..1000_i64,
        ) {
            let window = Window { not_before, issued_at, expires_at };
            let moment = Timestamp::from_millisecond(now * 1000 + milliseconds).unwrap();
            let exact = i128::from(now) * 1000 + i128::from(milliseconds);
            let ms = |second: i64| i128::from(second) * 1000;
            let expected = if exact >= ms(expires_at) + 30_000 {
                Some(Reason::TokenExpired)
            } else if ms(not_before) > exact + 30_000 {
                Some(Reason::TokenNotYetValid)
            } else {
                (ms(issued_at) > exact + 30_000).then_some(Reason::TokenIssuedInFuture)
            };
            prop_assert_eq!(window.open_at(moment).err().map(|refusal| refusal.reason), expected);
        }

        #[test]
        fn its_length_is_compared_without_overflow(issued_at in any_second(), expires_at in any_second(), cap in 1..3600_u64) {
            prop_assume!(expires_at > issued_at);
            let window = Window { not_before: i64::MIN, issued_at, expires_at };
            let short = i128::from(expires_at) - i128::from(issued_at) <= i128::from(cap);
            prop_assert_eq!(window.within(Duration::from_secs(cap)).is_ok(), short);
        }
    }
}
