use crate::StoreError;
use jiff::Timestamp;

/// A moment as a column keeps it: microseconds since 1970 UTC. Digits beyond microseconds are cut off.
pub fn to_micros(moment: Timestamp) -> i64 {
    moment.as_microsecond()
}

/// The moment that a column keeps.
///
/// # Errors
/// [`StoreError::Unreadable`] for a number that is no moment: the file was changed by another program.
pub fn from_micros(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::unreadable("moment", micros))
}
