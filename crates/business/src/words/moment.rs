use crate::Mismatch;
use jiff::Timestamp;

/// A moment, written as RFC 3339 with an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(Timestamp);

impl Moment {
    /// The moment.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl TryFrom<String> for Moment {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        let parsed =
            text.parse().map_err(|_| Mismatch::new("an RFC 3339 time with offset", format_args!("\"{text}\"")));
        parsed.map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn needs_date_time_and_offset() {
        for text in ["", "2026-01-01", "2026-01-01T00:00:00", "12:00", "1767225600", "2026-13-01T00:00:00Z"] {
            assert!(Moment::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        let moment = Moment::try_from("2026-01-01T01:00:00+01:00".to_owned()).unwrap();
        assert_eq!(moment.timestamp().to_string(), "2026-01-01T00:00:00Z");
    }
}
