use crate::error::CannotRun;
use crate::record::log::LogFile;
use crate::side::Side;
use bridge_types::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// How long a company may take to serve.
const START: Duration = Duration::from_secs(20);

/// How long a company may take to finish what it does after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// The process of one company, which a scenario may stop, kill and start again.
#[derive(Debug)]
pub(crate) struct Company {
    side: Side,
    binary: PathBuf,
    directory: PathBuf,
    log: LogFile,
    clock: SystemClock,
    /// Settings that the environment overrides (`BRIDGE__SECTION__KEY`), until the scenario ends.
    overrides: Vec<(&'static str, String)>,
    running: Option<Child>,
    starts: Vec<Duration>,
    kills: Vec<Timestamp>,
    peak_kib: u64,
}

/// What one company took of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Measured {
    /// From the start of the process to serving, in milliseconds, for every start of the run.
    pub(crate) starts_ms: Vec<u64>,
    /// Resident memory at the end, in KiB.
    pub(crate) resident_kib: u64,
    /// The most resident memory over all its processes, in KiB.
    pub(crate) peak_kib: u64,
}

impl Company {
    /// A company that does not run yet.
    pub(crate) fn new(side: Side, binary: PathBuf, directory: PathBuf, log: LogFile) -> Self {
        let clock = SystemClock::new();
        Self {
            side,
            binary,
            directory,
            log,
            clock,
            overrides: Vec::new(),
            running: None,
            starts: Vec::new(),
            kills: Vec::new(),
            peak_kib: 0,
        }
    }

    /// Its log.
    pub(crate) fn log(&self) -> &LogFile {
        &self.log
    }

    /// True while its process runs, as far as this runner knows.
    pub(crate) fn runs(&mut self) -> bool {
        self.running.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Starts it and waits until it says that it serves. Does nothing when it runs.
    pub(crate) async fn start(&mut self) -> Result<(), CannotRun> {
        if self.runs() {
            return Ok(());
        }
        let started = self.clock.monotonic();
        let mut child = self.spawn()?;
        let announced = tokio::time::timeout(START, first_line(child.stdout.take())).await;
        if !matches!(announced, Ok(Some(_))) {
            let problem = match tokio::time::timeout(Duration::from_secs(1), child.wait()).await {
                Ok(Ok(status)) => format!("it ended with {status}"),
                _ => format!("it did not say on its standard output that it serves, in {} s", START.as_secs()),
            };
            return Err(CannotRun::NotServing { company: self.side.name(), problem, log: self.log.tail(30) });
        }
        self.starts.push(self.clock.monotonic().saturating_sub(started));
        self.running = Some(child);
        Ok(())
    }

    /// A command of this company on its configuration directory, with nothing of the runner's environment.
    pub(crate) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--config").arg(&self.directory).env_clear().stdin(Stdio::null());
        command.envs(self.overrides.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Overrides a setting from the next start on.
    pub(crate) fn override_setting(&mut self, variable: &'static str, value: impl Into<String>) {
        self.overrides.push((variable, value.into()));
    }

    /// Goes by the files alone again, from the next start on. Stops the company if it runs with anything else.
    pub(crate) async fn forget_overrides(&mut self) {
        if !std::mem::take(&mut self.overrides).is_empty() {
            self.stop().await;
        }
    }

    /// What the system tells others of its process: command line and environment. Empty where it tells nothing.
    pub(crate) fn shown_by_the_system(&self) -> Vec<u8> {
        let id = self.running.as_ref().and_then(Child::id).unwrap_or_default();
        let file = |name| std::fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
        [file("cmdline"), file("environ")].concat()
    }

    fn spawn(&self) -> Result<Child, CannotRun> {
        let path = self.log.path();
        let log = OpenOptions::new().create(true).append(true).open(path);
        let log = log.map_err(CannotRun::system(format!("open {}", path.display())))?;
        let mut command = self.command(&["serve"]);
        command.stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        command.spawn().map_err(CannotRun::system(format!("start {}", self.binary.display())))
    }

    /// Asks it to finish, waits, and kills it when it does not. Gives how it ended; `None` when it did not run.
    pub(crate) async fn stop(&mut self) -> Option<ExitStatus> {
        self.measure();
        let mut child = self.running.take()?;
        terminate(&child);
        let ended = tokio::time::timeout(GRACE, child.wait()).await;
        if ended.is_err() {
            child.start_kill().ok()?;
        }
        child.wait().await.ok()
    }

    /// Kills it at once, as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.measure();
        if let Some(mut child) = self.running.take() {
            self.kills.push(self.clock.now());
            // Killing fails only when it is gone already.
            let _gone = child.kill().await;
        }
    }

    /// True when it was killed within a second after this moment: what it did then it may not have lived to tell.
    pub(crate) fn was_killed_soon_after(&self, moment: Timestamp) -> bool {
        let soon = moment..=moment.saturating_add(SignedDuration::from_secs(1)).unwrap_or(moment);
        self.kills.iter().any(|kill| soon.contains(kill))
    }

    /// What it has taken of the machine so far.
    pub(crate) fn measure(&mut self) -> Measured {
        let status = self.running.as_ref().and_then(Child::id).map(process_status).unwrap_or_default();
        self.peak_kib = self.peak_kib.max(kib(&status, "VmHWM:"));
        let starts_ms = self.starts.iter().map(|start| u64::try_from(start.as_millis()).unwrap_or(u64::MAX)).collect();
        Measured { starts_ms, resident_kib: kib(&status, "VmRSS:"), peak_kib: self.peak_kib }
    }
}

impl Drop for Company {
    /// The last resort, for a runner that panics: the process gets its signal, and is killed when it does not end soon.
    fn drop(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        terminate(&child);
        for _ in 0..100 {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // It is killed on drop.
    }
}

/// Asks a process to finish.
pub(super) fn terminate(child: &Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // The signal cannot be sent only when the process is gone already.
        let _gone = kill_process(pid, Signal::TERM);
    }
}

/// The first line of an output, which is read to its end all the same.
pub(super) async fn first_line(output: Option<impl AsyncRead + Unpin + Send + 'static>) -> Option<String> {
    let mut lines = BufReader::new(output?).lines();
    let line = lines.next_line().await.ok()??;
    // Whatever else it prints is read, so that it never blocks on a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Some(line)
}

/// What the system tells of a process; empty where there is no `/proc`.
fn process_status(id: u32) -> String {
    std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default()
}

fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Company, kib};
    use crate::record::log::LogFile;
    use crate::side::Side;
    use std::os::unix::fs::PermissionsExt;

    fn company(script: &str) -> (tempfile::TempDir, Company) {
        let directory = tempfile::tempdir().unwrap();
        let binary = directory.path().join("company");
        std::fs::write(&binary, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o700)).unwrap();
        let log = LogFile::new(directory.path().join("log"));
        let company = Company::new(Side::A, binary, directory.path().to_owned(), log);
        (directory, company)
    }

    #[tokio::test]
    async fn starts_measures_and_stops_a_process() {
        let (_directory, mut company) = company("echo '{}'; exec /bin/sleep 60");
        company.start().await.unwrap();
        assert!(company.runs());
        let measured = company.measure();
        assert_eq!(measured.starts_ms.len(), 1);
        assert!(measured.resident_kib > 0 && measured.peak_kib >= measured.resident_kib);
        assert!(company.stop().await.is_some());
        assert!(!company.runs());
        assert!(company.stop().await.is_none());
    }

    #[tokio::test]
    async fn says_why_a_company_does_not_serve() {
        let (_directory, mut company) = company("echo 'no such database' >&2; exit 2");
        let problem = company.start().await.unwrap_err().to_string();
        assert!(problem.contains("company-a") && problem.contains("no such database"), "{problem}");
    }

    #[test]
    fn reads_the_memory_of_a_process() {
        let status = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!((kib(status, "VmRSS:"), kib(status, "VmHWM:"), kib("", "VmRSS:")), (10240, 20480, 0));
    }
}
