use crate::TestCa;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a server may take to be ready. It takes about a second; a machine that builds meanwhile is slower.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs the server, and ends it when standard input ends: also when the test was killed and could not end it.
const KEEPER: &str = r#"bao server -config="$1" >>"$2" 2>&1 & server=$!; read -r _; kill -9 $server; wait $server"#;

/// The process and its files.
#[derive(Debug)]
pub(super) struct Server {
    directory: TempDir,
    address: String,
    process: Option<Child>,
}

impl Server {
    pub(super) fn start(ca: &TestCa, requests: &[(String, Value)]) -> Self {
        // A port that was free a moment ago may be taken: then the server ends, and another port is tried.
        (0..5).find_map(|_| Self::try_start(ca, requests)).expect("OpenBao starts")
    }

    fn try_start(ca: &TestCa, requests: &[(String, Value)]) -> Option<Self> {
        let directory = tempfile::Builder::new().prefix("bridge-openbao-").tempdir().expect("a directory can be made");
        let (port, cluster_port) = (free_port(), free_port());
        write_files(directory.path(), ca, &configuration(directory.path(), port, cluster_port, requests));
        let mut server = Self { directory, address: format!("https://127.0.0.1:{port}"), process: None };
        server.run().then_some(server)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            process.wait().expect("the keeper can be waited for");
        }
    }

    pub(super) fn resume(&mut self) {
        assert!(self.run(), "OpenBao starts again; it said: {}", self.log());
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).expect("the log can be read")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("server.log")
    }

    /// Runs the server until it is ready; `false` when it ended instead.
    fn run(&mut self) -> bool {
        self.stop();
        std::fs::write(self.log_file(), "").expect("the log can be written");
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(self.directory.path().join("server.json")).arg(self.log_file());
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(keeper.spawn().expect("a shell can be run"));
        for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
            let log = self.log();
            if log.contains("OpenBao server started!") && log.contains("post-unseal setup complete") {
                return true;
            }
            if log.contains("address already in use") {
                self.stop();
                return false;
            }
            assert!(!log.contains("failed to initialize"), "OpenBao refuses its set-up: {log}");
            std::thread::sleep(LOOK_EVERY);
        }
        panic!("OpenBao is not ready: {}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn configuration(directory: &Path, port: u16, cluster_port: u16, requests: &[(String, Value)]) -> Value {
    let file = |name: &str| directory.join(name);
    let requests: Vec<Value> = requests
        .iter()
        .enumerate()
        .map(|(place, (path, data))| {
            json!({ format!("request-{place}"): {"operation": "update", "path": path, "data": data} })
        })
        .collect();
    json!({
        "disable_mlock": true,
        "ui": false,
        "api_addr": format!("https://127.0.0.1:{port}"),
        "cluster_addr": format!("https://127.0.0.1:{cluster_port}"),
        "storage": {"raft": {"path": file("data"), "node_id": "test"}},
        "listener": [{"tcp": {
            "address": format!("127.0.0.1:{port}"),
            "tls_cert_file": file("server.pem"),
            "tls_key_file": file("server.key"),
            "tls_client_ca_file": file("ca.pem"),
        }}],
        "seal": {"static": {"current_key_id": "test", "current_key": format!("file://{}", file("seal.key").display())}},
        "initialize": [{"bridge": {"request": requests}}],
    })
}

fn write_files(directory: &Path, ca: &TestCa, configuration: &Value) {
    let write = |name: &str, content: &[u8]| {
        std::fs::write(directory.join(name), content).expect("a file can be written");
    };
    let certificate = ca.server(&["127.0.0.1", "localhost"]);
    let mut seal = [0; 32];
    aws_lc_rs::rand::fill(&mut seal).expect("the library has randomness");
    std::fs::create_dir(directory.join("data")).expect("a directory can be made");
    write("server.pem", certificate.certificate_pem.as_bytes());
    write("server.key", certificate.key_pem.as_bytes());
    write("ca.pem", ca.certificate_pem().as_bytes());
    write("seal.key", &seal);
    write("server.json", configuration.to_string().as_bytes());
}
