use bridge_jose::{SigningKey, jwks_json};
use bridge_testkit::TestIssuer;
use bridge_types::{Clock, SystemClock};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The issuer identifier of the company.
pub(crate) const ISSUER: &str = "https://issuer.bench.example";
/// The audience of its API.
pub(crate) const API: &str = "https://api.example";

/// A company in a process of its own; dropping it ends the process.
pub(crate) struct Company {
    child: Child,
    pub(crate) api: SocketAddr,
    pub(crate) issuer: SocketAddr,
    pub(crate) started_in: Duration,
    _directory: TempDir,
}

impl Company {
    /// Starts a company that accepts the tokens of this issuer and has one client with this key.
    pub(crate) fn start(log_level: &str, issuer: &TestIssuer, client: &SigningKey) -> Self {
        let directory = TempDir::new().unwrap();
        let write = |name: &str, text: &str| {
            let file = directory.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let listen = "listen = \"127.0.0.1:0\"";
        write(
            "company.toml",
            &format!(
                "name = \"bench\"\ndatabase = \"sqlite:bench.db\"\ntls = false\n[issuer]\nurl = \"{ISSUER}\"\n{listen}\n\
                 [api]\nurl = \"{API}\"\n{listen}\n[operations]\n{listen}\n[telemetry]\nlog_level = \"{log_level}\"\n\
                 log_format = \"json\"\n[limits]\nrequests_per_second = 1000000\ntokens_per_second = 1000000\n"
            ),
        );
        let access = format!("[[access]]\naudience = \"{API}\"\nscopes = [\"work\"]\n");
        write(
            "clients/client.toml",
            &format!("client_id = \"client\"\ncredential = {{ jwks_file = \"keys.json\" }}\n{access}"),
        );
        write("clients/keys.json", &jwks_json([client.public()]));
        let policy = format!(
            "issuer = \"https://issuer.example\"\nkeys = {{ jwks_file = \"keys.json\" }}\naudience = \"{API}\"\n"
        );
        write("partners/partner.toml", &format!("{policy}[clients.client]\nscopes = [\"work\"]\n"));
        write("partners/keys.json", &issuer.jwks());
        let log = fs::File::create(directory.path().join("log")).unwrap();

        let clock = SystemClock::new();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serve", "--config"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started_in = clock.monotonic();
        let addresses: Value = serde_json::from_str(&line).unwrap();
        let address = |name: &str| addresses[name]["address"].as_str().unwrap().parse().unwrap();
        Self { api: address("api"), issuer: address("issuer"), started_in, child, _directory: directory }
    }

    /// The CPU time that all threads of the company have used, in microseconds, as the scheduler counts it.
    pub(crate) fn cpu(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let used = tasks.map(|task| {
            let schedstat = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
            schedstat.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0.0)
        });
        used.sum::<f64>() / 1e3
    }

    /// The resident memory of the company, in MiB.
    pub(crate) fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
