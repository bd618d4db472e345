use bridge_testkit::{TestCa, TestCertificate, TestIssuer};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A configuration directory with good files, which a test then spoils.
pub(crate) struct Directory(TempDir);

const COMPANY: &str = r#"name = "notes"
database = "sqlite:notes.db"

[issuer]
listen = "127.0.0.1:0"

[api]
listen = "127.0.0.1:0"

[operations]
listen = "127.0.0.1:0"

[tls]
certificate_file = "tls/cert.pem"
key_file = "tls/key.pem"
ca_file = "tls/ca.pem"

[telemetry]
log_level = "error"
"#;

pub(crate) const CLIENT: &str = r#"client_id = "reader"
credential = "managed"

[[access]]
audience = "https://api.example"
scopes = ["notes:read"]
"#;

pub(crate) const POLICY: &str = r#"issuer = "https://issuer.example"
audience = "https://api.example"

[clients.reader]
scopes = ["notes:read", "notes:write"]

[outbound]
url = "https://api.example"
client = "reader"
"#;

impl Directory {
    /// Good files, with certificates of an authority of their own.
    pub(crate) fn new() -> Self {
        Self::signed_by(&TestCa::new())
    }

    /// Good files, with certificates for 127.0.0.1.
    pub(crate) fn signed_by(ca: &TestCa) -> Self {
        let directory = Self(TempDir::new().unwrap());
        let TestCertificate { certificate_pem, key_pem } = ca.server(&["127.0.0.1"]);
        directory.write("company.toml", COMPANY);
        directory.write("tls/cert.pem", &certificate_pem);
        directory.write_private("tls/key.pem", &key_pem);
        directory.write("tls/ca.pem", &ca.certificate_pem());
        directory.write("clients/reader.toml", CLIENT);
        directory.write("partners/partner.toml", POLICY);
        directory
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, and the directories above it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let file = self.file(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Writes a file that its owner alone may read.
    pub(crate) fn write_private(&self, name: &str, text: &str) {
        self.write(name, text);
        self.allow(name, 0o600);
    }

    /// Sets the permissions of a file.
    pub(crate) fn allow(&self, name: &str, mode: u32) {
        fs::set_permissions(self.file(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Replaces a part of a file, as an editor does: a new file is renamed into place.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(".edited", &text.replacen(from, to, 1));
        fs::rename(self.file(".edited"), self.file(name)).unwrap();
    }

    /// Trusts `https://issuer.example` with the keys of this issuer, at the audience `https://api.example`.
    pub(crate) fn trust(&self, issuer: &TestIssuer) {
        self.edit("company.toml", "[api]\n", "[api]\nurl = \"https://api.example\"\n");
        self.edit("partners/partner.toml", "audience", "keys = { jwks_file = \"keys.json\" }\naudience");
        self.write("partners/keys.json", &issuer.jwks());
    }

    /// Switches TLS off.
    pub(crate) fn without_tls(&self) {
        let text = fs::read_to_string(self.file("company.toml")).unwrap();
        let (head, tls) = text.split_once("[tls]").unwrap();
        let (_, telemetry) = tls.split_once("[telemetry]").unwrap();
        self.write("company.toml", &format!("tls = false\n{head}[telemetry]{telemetry}"));
    }

    /// What stands in a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.file(name)).unwrap();
    }
}
