//! The messages of the reader, taken apart.
//!
//! serde has one text for everything; its few forms are stable, and each is known to hold what stood in the file at one
//! place only. What has another form is not repeated.

use crate::Defect;
use toml::de::{DeTable, DeValue, Error};

/// What, expected, found, remedy.
type Said<'m> = (&'m str, &'m str, &'m str, &'static str);

/// A text that is not TOML. The reader's own words are constants, its excerpt is not shown.
pub(crate) fn of_syntax(error: &Error) -> Defect {
    let (what, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), "a TOML document"));
    let remedy = "correct this line; texts stand between quotes";
    defect(error, None, (what, expected, "something else", remedy))
}

/// A table that has not the expected form.
pub(crate) fn of_table(error: &Error, table: &DeTable<'_>) -> Defect {
    let message = error.message();
    let key = key_at(table, error.span().unwrap_or_default().start);
    let said = missing(message)
        .or_else(|| unknown(message))
        .or_else(|| mistyped(message))
        .or_else(|| invalid_word(message))
        .unwrap_or(("a value that is not accepted", "another value", "this one", "correct the value"));
    defect(error, key, said)
}

fn defect(error: &Error, key: Option<String>, (what, expected, found, remedy): Said<'_>) -> Defect {
    let what = key.map_or_else(|| what.to_owned(), |key| format!("{what} at `{}`", shown(&key)));
    let span = error.span().unwrap_or_default();
    Defect { span, what, expected: expected.to_owned(), found: found.to_owned(), remedy }
}

fn missing(message: &str) -> Option<Said<'_>> {
    message.strip_prefix("missing field ")?;
    Some((message, message.strip_prefix("missing ")?, "no such field", "add it here"))
}

/// What came from the file ends at the last comma: a text there can hold every word that this looks for.
fn unknown(message: &str) -> Option<Said<'_>> {
    let after = |rest: &'_ str| rest.rfind("`, expected ").map(|at| at + "`, expected ".len());
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let expected = after(rest).and_then(|at| rest.get(at..)).unwrap_or("no key");
        return Some(("unknown key", expected, "another key", "correct its name or remove it"));
    }
    let rest = message.strip_prefix("unknown variant `")?;
    let expected = after(rest).and_then(|at| rest.get(at..)).unwrap_or("another word");
    Some(("unknown value", expected, "another word", "write one of the expected values"))
}

fn mistyped(message: &str) -> Option<Said<'_>> {
    let forms = ["invalid type: ", "invalid value: ", "invalid length "];
    let (found, expected) = forms.iter().find_map(|form| message.strip_prefix(form))?.rsplit_once(", expected ")?;
    let kind = match found.split(['"', '`', ' ']).next().unwrap_or_default() {
        "string" => "a text",
        "integer" => "a number",
        "floating" => "a number with a fraction",
        "boolean" => "true or false",
        "map" => "a table",
        "sequence" => "a list",
        _ => "something else",
    };
    Some(("a value of the wrong type", expected, kind, "write a value of the expected type"))
}

/// `invalid X: expected E, found F`, where `F` alone comes from the file.
fn invalid_word(message: &str) -> Option<Said<'_>> {
    let (what, rest) = message.split_once("expected ")?;
    let (expected, _) = rest.split_once(", found ")?;
    let what = what.strip_suffix(": ").unwrap_or("an invalid value");
    Some((what, expected, "another form", "correct the value"))
}

/// The path of the key at a place, such as `issuer.listen`.
fn key_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        match below(value.get_ref(), offset) {
            Some(below) => Some(format!("{name}.{below}")),
            None => (key.span().contains(&offset) || value.span().contains(&offset)).then(|| name.to_string()),
        }
    })
}

fn below(value: &DeValue<'_>, offset: usize) -> Option<String> {
    match value {
        DeValue::Table(table) => key_at(table, offset),
        DeValue::Array(values) => values.iter().find_map(|value| below(value.get_ref(), offset)),
        _ => None,
    }
}

/// The path of a key as it may be shown: a name, and not something long that stands in the place of one.
fn shown(path: &str) -> String {
    let mut shown: String = path.chars().take(80).flat_map(char::escape_debug).collect();
    if path.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use crate::{Defect, parse, position, read};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its form matters")]
    struct Document {
        name: String,
        count: Option<u8>,
        word: Option<Word>,
        host: Option<Host>,
        inner: Option<Box<Document>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
        Other,
    }

    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Host;

    impl TryFrom<String> for Host {
        type Error = bridge_types::Invalid;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            Err(bridge_types::Invalid::new("host", "a host name", &text))
        }
    }

    fn defect(text: &str) -> Defect {
        parse(text).and_then(read::<Document>).expect_err(text)
    }

    #[test]
    fn says_where_and_what_but_never_the_value() {
        for (text, place, what, expected, found) in [
            ("name = hunter2", (1, 8), "string values must be quoted", "literal string", "something else"),
            ("name = 'a'\nhunter2", (2, 8), "key with no value", "`=`", "something else"),
            ("name = \"hunter2", (1, 16), "invalid basic string", "`\"`", "something else"),
            ("name = 5", (1, 8), "a value of the wrong type at `name`", "a string", "a number"),
            ("name = 'a'\ncount = 'hunter2'", (2, 9), "a value of the wrong type at `count`", "u8", "a text"),
            (
                "name = 'a'\ncount = 'x, expected hunter2'",
                (2, 9),
                "a value of the wrong type at `count`",
                "u8",
                "a text",
            ),
            ("name = 'a'\nword = 'hunter2'", (2, 8), "unknown value at `word`", "`one` or `other`", "another word"),
            (
                "name = 'a'\nword = 'x`, expected hunter2'",
                (2, 8),
                "unknown value at `word`",
                "`one` or `other`",
                "another word",
            ),
            ("name = 'a'\nhost = 'hunter2'", (2, 8), "invalid host at `host`", "a host name", "another form"),
            (
                "name = 'a'\nhost = 'x, found hunter2: expected hunter2'",
                (2, 8),
                "invalid host at `host`",
                "a host name",
                "another form",
            ),
            (
                "name = 'a'\n[inner]\nname = 'a'\ncount = 'hunter2'",
                (4, 9),
                "wrong type at `inner.count`",
                "u8",
                "a text",
            ),
            ("name = 'a'\n[inner]\n", (2, 1), "missing field `name` at `inner`", "field `name`", "no such field"),
            ("name = 'a'\ncolour = 'hunter2'", (2, 1), "unknown key at `colour`", "`count`", "another key"),
        ] {
            let found_defect = defect(text);
            let shown = format!("{found_defect} {found_defect:?}");
            assert_eq!(position(text, found_defect.span.start), place, "{text}: {shown}");
            assert!(!shown.contains("hunter2"), "{text}: {shown}");
            assert!(found_defect.what.contains(what), "{text}: {shown}");
            assert!(found_defect.expected.contains(expected), "{text}: {shown}");
            assert_eq!(found_defect.found, found, "{text}: {shown}");
        }
    }
}
