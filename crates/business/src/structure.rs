//! The form of a JSON document: which members, of which types. What is wrong is said in the words of JSON, not of Rust.

use crate::Mismatch;
use bridge_validator::FieldError;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

/// Reads a document into its wire type.
pub(crate) fn read<W: DeserializeOwned>(json: &[u8]) -> Result<W, FieldError> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let wire =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| defect(pointer(error.path()), error.inner()))?;
    reader.end().map_err(|error| defect(String::new(), &error))?;
    Ok(wire)
}

/// The JSON pointer (RFC 6901 §3) of a place in the document.
fn pointer(path: &Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.collect()
}

/// Turns serde's message into what was expected and what was found.
fn defect(pointer: String, error: &serde_json::Error) -> FieldError {
    let message = error.to_string();
    if error.classify() != Category::Data {
        let mismatch = Mismatch::new("a JSON document", message);
        return mismatch.at(String::new());
    }
    let message = message.split(" at line ").next().unwrap_or(&message);
    let mismatch = if let Some(name) = quoted(message, "missing field `") {
        Mismatch::new(format!("the member \"{name}\""), "nothing")
    } else if let Some(name) = quoted(message, "duplicate field `") {
        Mismatch::new(format!("one member \"{name}\""), "two")
    } else if let Some(rest) = message.strip_prefix("unknown field ") {
        let (found, expected) = rest.split_once(", expected ").unwrap_or((rest, "no members"));
        Mismatch::new(format!("no member but {}", expected.trim_start_matches("one of ")), found)
    } else if let Some(rest) = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: ")) {
        let (found, expected) = rest.split_once(", expected ").unwrap_or((rest, "another value"));
        Mismatch::new(json_type(expected), found)
    } else {
        Mismatch::new("another value", message)
    };
    mismatch.at(pointer)
}

fn quoted<'m>(message: &'m str, before: &str) -> Option<&'m str> {
    message.strip_prefix(before)?.strip_suffix('`')
}

fn json_type(rust: &str) -> String {
    match rust {
        "i64" | "u64" | "u32" => "an integer".to_owned(),
        "a sequence" => "an array".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its form matters")]
    struct Order {
        name: String,
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its form matters")]
    struct Line {
        quantity: i64,
    }

    #[test]
    fn says_where_what_was_expected_and_what_was_found() {
        let cases = [
            (r#"{"name":"x","lines":[{"quantity":"2"}]}"#, "/lines/0/quantity", "an integer", "string \"2\""),
            (r#"{"name":"x","lines":[{"quantity":1.5}]}"#, "/lines/0/quantity", "an integer", "floating point `1.5`"),
            (r#"{"name":"x","lines":[7]}"#, "/lines/0", "an object", "integer `7`"),
            (r#"{"name":"x","lines":{}}"#, "/lines", "an array", "map"),
            (r#"{"name":null,"lines":[]}"#, "/name", "a string", "null"),
            (r#"{"name":"x"}"#, "", "the member \"lines\"", "nothing"),
            (r#"{"name":"x","lines":[{}]}"#, "/lines/0", "the member \"quantity\"", "nothing"),
            (r#"{"name":"x","name":"y","lines":[]}"#, "", "one member \"name\"", "two"),
            (r#"{"name":"x","lines":[],"a/b~":1}"#, "/a~1b~0", "no member but `name` or `lines`", "`a/b~`"),
        ];
        for (json, pointer, expected, found) in cases {
            let defect = read::<Order>(json.as_bytes()).unwrap_err();
            let seen = (&*defect.pointer, &*defect.expected, defect.found.replace("\\\"", "\""));
            assert_eq!(seen, (pointer, expected, found.to_owned()), "{json}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_json_document() {
        for json in [&b""[..], b"{", b"{} {}", b"\xff", b"nonsense", b"[[[[", "[".repeat(100_000).as_bytes()] {
            let defect = read::<serde_json::Value>(json).unwrap_err();
            assert_eq!((&*defect.pointer, &*defect.expected), ("", "a JSON document"), "{defect:?}");
        }
    }
}
