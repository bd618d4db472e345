use std::fmt;
use std::future::Future;
use std::str::FromStr;

tokio::task_local! {
    static CURRENT: TraceParent;
}

/// The `traceparent` header (W3C Trace Context §3.2): ties the logs of both companies to one business call.
///
/// Set it around the work of an incoming request with [`TraceParent::scope`]; calls made inside forward it unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    parent_id: u64,
    flags: u8,
}

impl TraceParent {
    /// The start of a new trace, with random ids. They are names, not secrets.
    pub fn new() -> Self {
        Self { trace_id: fastrand::u128(1..), parent_id: fastrand::u64(1..), flags: 0 }
    }

    /// The trace of the current task, if somebody set one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|current| *current).ok()
    }

    /// Runs a future inside this trace. Tasks that the future spawns are outside again.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// The trace id as 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl Default for TraceParent {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags)
    }
}

/// The text is not a `traceparent`; the standard says to start a new trace then (§3.2.2.3, §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: expected 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, ids not zero")]
pub struct TraceParentInvalid;

impl FromStr for TraceParent {
    type Err = TraceParentInvalid;

    /// Reads version 00 exactly, and the known part of later versions.
    fn from_str(text: &str) -> Result<Self, TraceParentInvalid> {
        let mut parts = text.splitn(5, '-');
        let mut hex = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).then_some(part)
        };
        let mut read = || {
            let version = u8::from_str_radix(hex(2)?, 16).ok()?;
            let trace_id = u128::from_str_radix(hex(32)?, 16).ok()?;
            let parent_id = u64::from_str_radix(hex(16)?, 16).ok()?;
            let flags = u8::from_str_radix(hex(2)?, 16).ok()?;
            Some((version, Self { trace_id, parent_id, flags }))
        };
        let (version, parent) = read().ok_or(TraceParentInvalid)?;
        let known_length = version != 0 || parts.next().is_none();
        let sound = version != 0xff && known_length && parent.trace_id != 0 && parent.parent_id != 0;
        sound.then_some(parent).ok_or(TraceParentInvalid)
    }
}

#[cfg(test)]
mod tests {
    use super::TraceParent;

    const SAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn round_trips() {
        let parent: TraceParent = SAMPLE.parse().unwrap();
        assert_eq!(parent.to_string(), SAMPLE);
        assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let new = TraceParent::new();
        assert_eq!(new.to_string().parse(), Ok(new));
    }

    #[test]
    fn reads_the_known_part_of_a_later_version() {
        let later = SAMPLE.replacen("00", "cc", 1);
        for text in [format!("{later}-what-the-future-brings"), later] {
            assert_eq!(text.parse::<TraceParent>().map(|p| p.to_string()), Ok(SAMPLE.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_what_the_standard_calls_invalid() {
        for text in [
            "",
            "00",
            &SAMPLE.to_uppercase(),
            &SAMPLE.replacen("00", "ff", 1),
            &format!("{SAMPLE}-"),
            &format!("{SAMPLE}0"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(text.parse::<TraceParent>().is_err(), "accepted {text:?}");
        }
    }

    #[tokio::test]
    async fn is_seen_inside_its_scope_only() {
        let parent: TraceParent = SAMPLE.parse().unwrap();
        assert_eq!(parent.scope(async { TraceParent::current() }).await, Some(parent));
        assert_eq!(TraceParent::current(), None);
    }
}
