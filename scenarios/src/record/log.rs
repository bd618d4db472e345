use jiff::Timestamp;
use serde_json::{Map, Value};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a file is looked at while waiting for a line.
const POLL: Duration = Duration::from_millis(10);
/// How much later than an answer its line may be in the log.
const LAG: Duration = Duration::from_secs(2);

/// One structured line of a company's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// When the company wrote it.
    pub(crate) at: Timestamp,
    /// Everything it says, by field name.
    fields: Map<String, Value>,
}

impl LogLine {
    /// Reads one line. Gives `None` for what is not a structured line, such as the text of a panic.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let Value::Object(mut fields) = serde_json::from_str(line).ok()? else { return None };
        let at = fields.remove("timestamp")?.as_str()?.parse().ok()?;
        if let Some(Value::Object(inner)) = fields.remove("fields") {
            fields.extend(inner);
        }
        Some(Self { at, fields })
    }

    /// A field as text; `""` when the line lacks it.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field as a number.
    pub(crate) fn number(&self, field: &str) -> Option<u64> {
        let value = self.fields.get(field)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// The event that the line reports; `""` for free text.
    pub(crate) fn event(&self) -> &str {
        self.text("event")
    }

    /// True when the line reports this event and has this value in this field.
    pub(crate) fn is(&self, event: &str, field: &str, value: &str) -> bool {
        self.event() == event && self.text(field) == value
    }

    /// The fields with their values as text, for showing the line to a person.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, String)> {
        self.fields.iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.as_str(), text)
        })
    }
}

/// The log of one company: a file that grows, also over restarts.
#[derive(Debug, Clone)]
pub(crate) struct LogFile {
    path: PathBuf,
}

impl LogFile {
    /// The log at this path, which need not exist yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the log ends now. What comes later is read from here.
    pub(crate) fn end(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// The text of the log from a place on.
    pub(crate) fn text_since(&self, place: u64) -> String {
        let mut text = Vec::new();
        let read = std::fs::File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(place))?;
            file.read_to_end(&mut text)
        });
        // A log that is not there yet is an empty one.
        read.map_or_else(|_| String::new(), |_| String::from_utf8_lossy(&text).into_owned())
    }

    /// The structured lines from a place on.
    pub(crate) fn lines_since(&self, place: u64) -> Vec<LogLine> {
        self.text_since(place).lines().filter_map(LogLine::parse).collect()
    }

    /// The structured lines from a place on, once they are as wanted or some time has passed. A company writes its log
    /// beside its answers, a moment later.
    pub(crate) async fn lines_once(&self, place: u64, wanted: impl Fn(&[LogLine]) -> bool) -> Vec<LogLine> {
        let mut lines = self.lines_since(place);
        for _ in 0..LAG.as_millis() / POLL.as_millis() {
            if wanted(&lines) {
                break;
            }
            tokio::time::sleep(POLL).await;
            lines = self.lines_since(place);
        }
        lines
    }

    /// Waits until a line after the place is the wanted one, but not longer than `patience`.
    pub(crate) async fn wait_for(
        &self,
        place: u64,
        patience: Duration,
        wanted: impl Fn(&LogLine) -> bool,
    ) -> Option<LogLine> {
        let look = async {
            loop {
                if let Some(line) = self.lines_since(place).into_iter().find(&wanted) {
                    return line;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(patience, look).await.ok()
    }

    /// The last lines, for saying why a company does not serve.
    pub(crate) fn tail(&self, lines: usize) -> String {
        let text = self.text_since(0);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::{LogFile, LogLine};
    use std::io::Write;
    use std::time::Duration;

    const NESTED: &str = r#"{"timestamp":"2026-01-02T03:04:05.678901Z","level":"WARN","fields":{"message":"request denied","event":"decision","reason":"audience_mismatch","latency_us":42},"target":"bridge"}"#;
    const FLAT: &str = r#"{"timestamp":"2026-01-02T03:04:05.678901Z","level":"WARN","message":"request denied","event":"decision","reason":"audience_mismatch","latency_us":42,"target":"bridge"}"#;

    #[test]
    fn reads_nested_and_flat_lines_alike() {
        let nested = LogLine::parse(NESTED).unwrap();
        assert_eq!(nested, LogLine::parse(FLAT).unwrap());
        assert!(nested.is("decision", "reason", "audience_mismatch"));
        assert_eq!(nested.number("latency_us"), Some(42));
        assert_eq!(nested.text("absent"), "");
        assert_eq!(nested.at.to_string(), "2026-01-02T03:04:05.678901Z");
    }

    #[test]
    fn skips_what_is_not_a_structured_line() {
        for line in ["", "thread 'main' panicked", "{}", "[1]", r#"{"timestamp":"yesterday"}"#] {
            assert_eq!(LogLine::parse(line), None, "{line}");
        }
    }

    #[tokio::test]
    async fn waits_for_a_line_that_comes_later() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{FLAT}").unwrap();
        let log = LogFile::new(file.path().to_owned());
        let place = log.end();
        let patience = Duration::from_millis(50);
        assert_eq!(log.wait_for(place, patience, |_| true).await, None);
        writeln!(file, "{FLAT}").unwrap();
        assert!(log.wait_for(place, patience, |line| line.event() == "decision").await.is_some());
        assert_eq!(log.lines_since(0).len(), 2);
        assert_eq!(log.tail(1), FLAT);
    }
}
