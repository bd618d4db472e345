use super::failure::Failure;
use serde::Serialize;
use std::fmt::{self, Display};
use std::io::Write;

/// Where a command writes: results to one side, complaints to the other.
pub(super) struct Console {
    json: bool,
    stdout: Box<dyn Write>,
    stderr: Box<dyn Write>,
}

impl Console {
    pub(super) fn new(stdout: Box<dyn Write>, stderr: Box<dyn Write>) -> Self {
        Self { json: false, stdout, stderr }
    }

    /// From now on results are JSON.
    pub(super) fn use_json(&mut self, json: bool) {
        self.json = json;
    }

    /// True when results are JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: its JSON form, or its text.
    pub(super) fn print(&mut self, result: &(impl Serialize + Display)) -> Result<(), Failure> {
        if self.json { self.json_line(result) } else { self.bytes(result.to_string().as_bytes()) }
    }

    /// Prints one line of JSON, whatever was asked for.
    pub(super) fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(value).map_err(|error| Failure::failed(format!("no JSON form: {error}")))?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Prints bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.stdout.write_all(bytes).and_then(|()| self.stdout.flush());
        written.map_err(|error| Failure::failed(format!("standard output cannot be written: {error}")))
    }

    /// Says something on standard error. When that is gone nobody is left to be told, and the exit code still tells.
    pub(super) fn complain(&mut self, complaint: impl Display) {
        drop(writeln!(self.stderr, "{complaint}"));
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("json", &self.json).finish_non_exhaustive()
    }
}
