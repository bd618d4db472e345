use bridge_validator::FieldError;
use std::borrow::Cow;
use std::fmt::{self, Display};

const EXCERPT: usize = 80;

/// A value that is not what was expected. The text that came is cut to 80 characters, its control characters escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    expected: Cow<'static, str>,
    found: String,
}

impl Mismatch {
    /// What was expected, and the value that came.
    pub fn new(expected: impl Into<Cow<'static, str>>, found: impl Display) -> Self {
        let found = found.to_string();
        let mut excerpt: String = found.chars().take(EXCERPT).flat_map(char::escape_debug).collect();
        if found.chars().nth(EXCERPT).is_some() {
            excerpt.push('…');
        }
        Self { expected: expected.into(), found: excerpt }
    }

    /// The complaint about the value at this place: a JSON pointer into the body, or `/` and a query parameter.
    pub fn at(&self, pointer: String) -> FieldError {
        FieldError { pointer, expected: self.expected.clone().into_owned(), found: self.found.clone() }
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for Mismatch {}
