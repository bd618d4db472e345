use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{Read, Write};
use std::process::ExitCode;

/// The environment of the process, read once in `main`.
pub type Variables = HashMap<String, String>;

/// What a command line runs with. `main` takes it from the process, a test makes its own.
pub struct Process {
    /// The arguments, the name of the program first.
    pub arguments: Vec<OsString>,
    /// The environment.
    pub variables: Variables,
    /// What a command reads that must not stand in its arguments.
    pub stdin: Box<dyn Read>,
    /// Where results go.
    pub stdout: Box<dyn Write>,
    /// Where complaints go. The log goes to the real standard error, always.
    pub stderr: Box<dyn Write>,
}

impl Process {
    /// The process that this is. Variables that are not Unicode are left out: none of Bridge's can be among them.
    pub fn current() -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self {
            arguments: std::env::args_os().collect(),
            variables: std::env::vars_os().filter_map(text).collect(),
            stdin: Box::new(std::io::stdin()),
            stdout: Box::new(std::io::stdout()),
            stderr: Box::new(std::io::stderr()),
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

/// How a command ended; its number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// It could not be done, or found something wrong: a failed check, an answer of 400 or more.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Misconfigured = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
