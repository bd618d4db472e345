use super::company::{first_line, terminate};
use super::plan::Plan;
use super::{DIRECT, tls_files, toml_file};
use crate::error::CannotRun;
use crate::record::log::LogFile;
use crate::side::Side;
use crate::tester::{APPLICATION, scopes};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a sidecar may take to serve, and to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sidecar beside an application of one company. It runs while a scenario wants it.
#[derive(Debug)]
pub(crate) struct Sidecar {
    binary: PathBuf,
    home: PathBuf,
    log: LogFile,
    running: Option<(Child, Value)>,
}

impl Sidecar {
    /// Writes its configuration into a directory that is not there yet.
    pub(crate) fn prepare(
        side: Side,
        plan: &Plan,
        ca_pem: &str,
        (binary, home): (&Path, &Path),
    ) -> Result<Self, CannotRun> {
        tls_files::write(&home.join("ca.pem"), ca_pem)?;
        toml_file::replace(&home.join("sidecar.toml"), &settings(side, plan))?;
        let log = LogFile::new(home.with_extension("log"));
        Ok(Self { binary: binary.to_owned(), home: home.to_owned(), log, running: None })
    }

    /// Has it make its key, and gives the public half, as the operator of the issuer gets it.
    pub(crate) fn register(&self) -> Result<String, CannotRun> {
        let mut command = std::process::Command::new(&self.binary);
        command.arg("register").arg("--config").arg(self.home.join("sidecar.toml")).env_clear();
        let done = command.output().map_err(CannotRun::system(format!("start {}", self.binary.display())))?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        Err(CannotRun::settings(&self.home, String::from_utf8_lossy(&done.stderr)))
    }

    /// Starts it and waits until it says that it serves. Does nothing when it runs.
    pub(crate) async fn start(&mut self) -> Result<(), CannotRun> {
        if self.running.is_some() {
            return Ok(());
        }
        let path = self.log.path();
        let log = OpenOptions::new().create(true).append(true).open(path);
        let log = log.map_err(CannotRun::system(format!("open {}", path.display())))?;
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--config").arg(self.home.join("sidecar.toml")).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().map_err(CannotRun::system(format!("start {}", self.binary.display())))?;
        let line = tokio::time::timeout(PATIENCE, first_line(child.stdout.take())).await.ok().flatten();
        let announced = line.and_then(|line| serde_json::from_str(&line).ok());
        let problem = || format!("it did not say on its standard output that it serves, in {} s", PATIENCE.as_secs());
        let announced = announced.ok_or_else(|| CannotRun::NotServing {
            company: "the sidecar",
            problem: problem(),
            log: self.log.tail(30),
        })?;
        self.running = Some((child, announced));
        Ok(())
    }

    /// Asks it to finish. It may take its time.
    pub(crate) fn terminate(&self) {
        self.running.iter().for_each(|(child, _)| terminate(child));
    }

    /// Asks it to finish and waits. Gives how it ended; `None` when it did not run, or had to be killed.
    pub(crate) async fn stop(&mut self) -> Option<ExitStatus> {
        self.terminate();
        let (mut child, _) = self.running.take()?;
        // One that does not end is killed when it is dropped here.
        tokio::time::timeout(PATIENCE, child.wait()).await.ok()?.ok()
    }

    /// Its log.
    pub(crate) fn log(&self) -> &LogFile {
        &self.log
    }

    /// Where applications call it, and the key that they show.
    pub(crate) fn door(&self) -> Option<(SocketAddr, String)> {
        let (_, announced) = self.running.as_ref()?;
        let address = announced["listen"]["address"].as_str()?.parse().ok()?;
        Some((address, fs::read_to_string(announced["listen"]["caller_key_file"].as_str()?).ok()?))
    }

    /// Where it keeps a token for applications that call by themselves.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.home.join("run").join("token")
    }

    /// What lies in the directory for what it makes at each start.
    pub(crate) fn left_behind(&self) -> Vec<PathBuf> {
        toml_file::entries(&self.home.join("run")).unwrap_or_default()
    }
}

/// For reading at the partner, whatever the application asks: the partner says what else it takes. At trace level, so
/// that whatever could get into a log does.
fn settings(side: Side, plan: &Plan) -> String {
    let (own, partner, name) = (&plan.parties[side], &plan.parties[side.other()], side.other().name());
    let scope = scopes(side.other())[0];
    format!(
        "name = \"{APPLICATION}\"\n\
         [issuer]\nurl = \"{}\"\nca_file = \"ca.pem\"\n\
         [client]\nclient_id = \"{APPLICATION}\"\ncredential = {{ key_file = \"client.pem\" }}\n\
         [listen]\ntcp = \"{DIRECT}:0\"\n\
         [operations]\nlisten = \"{DIRECT}:0\"\n\
         [partners.{name}]\nurl = \"{}\"\nca_file = \"ca.pem\"\nscopes = [\"{scope}\"]\n\
         [[token_files]]\npartner = \"{name}\"\nscopes = [\"{scope}\"]\nfile = \"token\"\n\
         [runtime]\ndirectory = \"run\"\non_disk = true\n\
         [hosts]\n\"{}\" = \"{DIRECT}\"\n\"{}\" = \"{DIRECT}\"\n\
         [telemetry]\nlog_format = \"json\"\nlog_level = \"trace\"\n",
        own.issuer.url, partner.api.url, own.issuer.host, partner.api.host
    )
}
