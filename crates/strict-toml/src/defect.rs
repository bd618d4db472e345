use std::fmt;
use std::ops::Range;

/// What is wrong with a text of TOML, and never the value that is wrong. Names of keys are shown; the line tells the
/// operator the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// What should have been there.
    pub expected: String,
    /// What kind of thing was there.
    pub found: String,
    /// What the operator does about it.
    pub remedy: &'static str,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.what, self.expected, self.found)
    }
}

/// The line and the column of a place in a text, counted from 1.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}
