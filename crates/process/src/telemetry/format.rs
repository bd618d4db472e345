use super::Origin;
use super::fields::{JsonFields, TextFields};
use bridge_types::Clock;
use serde::Serializer;
use serde::ser::SerializeMap;
use std::fmt;
use std::sync::Arc;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// One JSON object a line: `timestamp`, `level`, `target`, the name of the company or sidecar, `message`, and the fields of the event beside them.
#[derive(Debug)]
pub(super) struct JsonLines {
    kind: &'static str,
    name: String,
    clock: Arc<dyn Clock>,
}

impl JsonLines {
    pub(super) fn new(origin: Origin<'_>, clock: Arc<dyn Clock>) -> Self {
        Self { kind: origin.kind, name: origin.name.to_owned(), clock }
    }

    fn line(&self, event: &Event<'_>) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = Vec::with_capacity(512);
        let mut serializer = serde_json::Serializer::new(&mut line);
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("timestamp", &self.clock.now())?;
        object.serialize_entry("level", event.metadata().level().as_str())?;
        object.serialize_entry("target", event.metadata().target())?;
        object.serialize_entry(self.kind, &self.name)?;
        let mut fields = JsonFields::new(&mut object);
        event.record(&mut fields);
        fields.finish()?;
        object.end()?;
        Ok(line)
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let line = self.line(event).map_err(|_| fmt::Error)?;
        writeln!(writer, "{}", str::from_utf8(&line).map_err(|_| fmt::Error)?)
    }
}

/// For people at a terminal: time, level, message, then the fields.
#[derive(Debug)]
pub(super) struct ReadableLines {
    clock: Arc<dyn Clock>,
}

impl ReadableLines {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl<S, N> FormatEvent<S, N> for ReadableLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = *event.metadata().level();
        let colour = match level {
            tracing::Level::ERROR => "31",
            tracing::Level::WARN => "33",
            tracing::Level::INFO => "32",
            _ => "2",
        };
        let (on, off) =
            if writer.has_ansi_escapes() { (format!("\u{1b}[{colour}m"), "\u{1b}[0m") } else { Default::default() };
        let mut fields = TextFields::default();
        event.record(&mut fields);
        writeln!(writer, "{:.3} {on}{level:>5}{off} {fields}", self.clock.now())
    }
}
