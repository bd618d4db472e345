use bridge_process::{Exit, Process};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A directory in memory with a good `sidecar.toml`, which a test then changes, and a key.
pub(crate) struct Settings {
    directory: TempDir,
    credential: String,
    listen: String,
    routes: String,
    more: String,
    issuer: String,
    partner: String,
}

impl Settings {
    /// A sidecar of `order-service` between this issuer and `company-b`.
    pub(crate) fn new(issuer: &str, partner: &str) -> Self {
        let directory = TempDir::with_prefix_in("sidecar-", "/dev/shm").or_else(|_| TempDir::new()).unwrap();
        let settings = Self {
            directory,
            credential: "key_file = \"client.pem\"".into(),
            listen: "tcp = \"127.0.0.1:0\"".into(),
            routes: "scopes = [\"shipments:read\"]".into(),
            more: String::new(),
            issuer: issuer.into(),
            partner: partner.into(),
        };
        settings.write();
        assert_eq!(settings.command(&["register"]).0, Exit::Done);
        settings
    }

    /// Replaces the body of `[listen]`.
    pub(crate) fn listen(mut self, listen: impl Into<String>) -> Self {
        self.listen = listen.into();
        self.write();
        self
    }

    /// Replaces what `[partners.company-b]` says of scopes and routes.
    pub(crate) fn routes(mut self, routes: impl Into<String>) -> Self {
        self.routes = routes.into();
        self.write();
        self
    }

    /// Has the platform's token for a credential in the place of the key.
    pub(crate) fn platform_token(mut self, file: &str) -> Self {
        self.credential = format!("token_file = \"{file}\"");
        self.write();
        self
    }

    /// Adds sections at the end.
    pub(crate) fn with(mut self, more: &str) -> Self {
        self.more.push_str(more);
        self.more.push('\n');
        self.write();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path().join("sidecar.toml")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.path().join("client.pem")
    }

    /// Runs one command line in this process and gives what it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> (Exit, String, String) {
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let config = self.file().into_os_string();
        let words = ["bridge-sidecar"].iter().chain(arguments).map(Into::into).chain(["--config".into(), config]);
        let exit = bridge_sidecar::run_with(Process {
            arguments: words.collect(),
            variables: [].into(),
            stdin: Box::new(std::io::empty()),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
        });
        (exit, stdout.text(), stderr.text())
    }

    fn write(&self) {
        let Self { credential, listen, routes, more, issuer, partner, .. } = self;
        let text = format!(
            "name = \"test\"\n\n[issuer]\nurl = \"{issuer}\"\n\n[client]\nclient_id = \"order-service\"\n\
             credential = {{ {credential} }}\n\n[listen]\n{listen}\n\n[operations]\nlisten = \"127.0.0.1:0\"\n\n\
             [partners.company-b]\nurl = \"{partner}\"\naudience = \"https://api.company-b.example\"\n{routes}\n\n\
             [runtime]\ndirectory = \".\"\non_disk = true\n\n{more}"
        );
        std::fs::write(self.file(), text).unwrap();
    }
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
