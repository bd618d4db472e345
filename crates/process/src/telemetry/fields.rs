use serde::ser::SerializeMap;
use std::fmt;
use tracing::field::{Field, Visit};

/// Writes the fields of an event as members of the JSON object that is under way.
pub(super) struct JsonFields<'o, M: SerializeMap> {
    object: &'o mut M,
    outcome: Result<(), M::Error>,
}

impl<'o, M: SerializeMap> JsonFields<'o, M> {
    pub(super) fn new(object: &'o mut M) -> Self {
        Self { object, outcome: Ok(()) }
    }

    pub(super) fn finish(self) -> Result<(), M::Error> {
        self.outcome
    }

    fn member(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        if self.outcome.is_ok() && !from_log_crate(field) {
            self.outcome = self.object.serialize_entry(field.name(), value);
        }
    }
}

impl<M: SerializeMap> Visit for JsonFields<'_, M> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, &value);
    }
}

/// The message, then the other fields as `name=value`.
#[derive(Default)]
pub(super) struct TextFields {
    message: String,
    rest: String,
}

impl Visit for TextFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let shown = visible(&format!("{value:?}"));
        match field.name() {
            "message" => self.message = shown,
            _ if from_log_crate(field) => {}
            name => self.rest.extend([" ", name, "=", &shown]),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// The text with its control characters escaped, so that a value cannot pose as a line of the log.
fn visible(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

impl fmt::Display for TextFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        f.write_str(&self.rest)
    }
}

/// What the `log` bridge adds to the events of older libraries: paths of source files, which say nothing to an operator.
fn from_log_crate(field: &Field) -> bool {
    field.name().starts_with("log.")
}
