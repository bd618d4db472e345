use crate::Mismatch;
use serde::Serialize;

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Bounded<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Bounded<MIN, MAX> {
    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> TryFrom<i64> for Bounded<MIN, MAX> {
    type Error = Mismatch;

    fn try_from(number: i64) -> Result<Self, Mismatch> {
        if (MIN..=MAX).contains(&number) {
            return Ok(Self(number));
        }
        Err(Mismatch::new(format!("an integer from {MIN} to {MAX}"), number))
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn takes_its_bounds_and_nothing_beyond() {
        for (number, fits) in [(0, false), (1, true), (10_000, true), (10_001, false), (i64::MIN, false)] {
            assert_eq!(Bounded::<1, 10_000>::try_from(number).is_ok(), fits, "{number}");
        }
    }
}
