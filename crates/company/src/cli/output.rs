use super::failure::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write;

/// Where results go: standard output, as text or as JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a report: its JSON form, or its text.
    pub(super) fn print(self, report: &(impl Serialize + Display)) -> Result<(), Failure> {
        if self.json { line(&to_json(report)?) } else { bytes(report.to_string().as_bytes()) }
    }
}

/// Prints one line of JSON, whatever was asked for.
pub(super) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    line(&to_json(value)?)
}

/// Prints bytes as they are.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(unwritable)
}

fn line(text: &str) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::failed(format!("no JSON form: {error}")))
}

fn unwritable(error: std::io::Error) -> Failure {
    Failure::failed(format!("standard output cannot be written: {error}"))
}
