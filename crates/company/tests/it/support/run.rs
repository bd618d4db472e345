use super::{Directory, Notes, Stand};
use bridge_company::config::Variables;
use bridge_company::{Exit, Process, run_with};
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What came of one command line.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// What was printed, as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// Runs one command line of the test company on a configuration directory.
pub(crate) fn run(directory: &Directory, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    run_in(directory.path(), arguments, variables, &[])
}

/// Runs one command line beside a company that serves in the same test.
pub(crate) async fn run_beside(stand: &Stand, arguments: &[&str]) -> Outcome {
    run_beside_with(stand, arguments, "").await
}

/// The same, with something on standard input.
pub(crate) async fn run_beside_with(stand: &Stand, arguments: &[&str], stdin: &str) -> Outcome {
    let directory = stand.directory.path().to_owned();
    let stdin = stdin.to_owned();
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let run =
        move || run_in(&directory, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[], stdin.as_bytes());
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn run_in(directory: &Path, arguments: &[&str], variables: &[(&str, &str)], stdin: &[u8]) -> Outcome {
    let stdin = Cursor::new(stdin.to_vec());
    let (stdout, stderr) = (Captured::default(), Captured::default());
    let config = directory.to_str().unwrap();
    let arguments = std::iter::once("notes").chain(arguments.iter().copied()).chain(["--config", config]);
    let variables: Variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let exit = run_with::<Notes>(Process {
        arguments: arguments.map(Into::into).collect(),
        variables,
        stdin: Box::new(stdin),
        stdout: Box::new(stdout.clone()),
        stderr: Box::new(stderr.clone()),
    });
    Outcome { exit, stdout: stdout.text(), stderr: stderr.text() }
}

/// What was printed.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
