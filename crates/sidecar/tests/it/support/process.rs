use super::application::Application;
use super::settings::Settings;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// The real binary, serving in a process of its own. Killed when the test drops it.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) announced: Value,
    log: PathBuf,
}

impl Running {
    /// Starts `bridge-sidecar serve` and waits until it says where.
    pub(crate) fn start(settings: &Settings) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_bridge-sidecar")).env_clear(), &settings.file())
    }

    /// Like [`Self::start`], with a command of the test's making.
    pub(crate) fn spawn(command: &mut Command, config: &Path) -> Self {
        let log = config.with_file_name("log");
        let stderr = File::create(&log).unwrap();
        command.args(["serve", "--config"]).arg(config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("it does not serve: {line} {}", std::fs::read_to_string(&log).unwrap());
        });
        Self { child, stdout, announced, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// An application that has read the caller key.
    pub(crate) fn application(&self) -> Application {
        let listen = &self.announced["listen"];
        let key = std::fs::read_to_string(listen["caller_key_file"].as_str().unwrap()).unwrap();
        Application::at(listen["address"].as_str().unwrap().parse().unwrap(), &key)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Asks it to end, and gives how it did and what it printed and logged.
    pub(crate) fn stop(mut self) -> (ExitStatus, String, String) {
        self.signal(Signal::TERM);
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status, rest, std::fs::read_to_string(&self.log).unwrap())
    }

    /// The most memory that it has had, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
