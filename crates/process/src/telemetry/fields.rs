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
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = one_message(text),
            _ if from_log_crate(field) => {}
            name => self.rest.extend([" ", name, "=", &one_value(text)]),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// The text in quotes, unless it can be nothing but one value: so it cannot pose as another field, nor as another line.
fn one_value(text: String) -> String {
    let plain = |c: char| c.is_alphanumeric() || (c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'));
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("{text:?}") }
}

/// The text as it is if it is a plain sentence; in quotes if it could pose as fields.
fn one_message(text: String) -> String {
    let plain = |c: char| c == ' ' || c.is_alphanumeric() || (c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'));
    if text.chars().all(plain) { text } else { format!("{text:?}") }
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

#[cfg(test)]
mod tests {
    use super::{one_message, one_value};

    #[test]
    fn a_value_can_pose_neither_as_another_field_nor_as_another_line() {
        for (value, shown) in [
            ("allow", "allow"),
            ("https://issuer.example:8441/a?b", "https://issuer.example:8441/a?b"),
            ("Zürich", "Zürich"),
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("x outcome=allow", r#""x outcome=allow""#),
            ("a=b", r#""a=b""#),
            ("\"", r#""\"""#),
            ("\\", r#""\\""#),
            ("a\nb", r#""a\nb""#),
            ("a\u{1b}[31m", r#""a\u{1b}[31m""#),
            ("a\u{2028}b\u{202e}", r#""a\u{2028}b\u{202e}""#),
            ("a\u{a0}b", r#""a\u{a0}b""#),
        ] {
            assert_eq!(one_value(value.to_owned()), shown);
        }
    }

    #[test]
    fn a_message_is_a_sentence_or_in_quotes() {
        for (message, shown) in [
            ("request denied", "request denied"),
            ("partner's keys: 2 fetched (1 new)", "partner's keys: 2 fetched (1 new)"),
            ("denied outcome=allow", r#""denied outcome=allow""#),
            ("denied\nallowed", r#""denied\nallowed""#),
        ] {
            assert_eq!(one_message(message.to_owned()), shown);
        }
    }
}
