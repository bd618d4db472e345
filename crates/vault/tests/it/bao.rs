use bridge_testkit::{OpenBao, OpenBaoSetup, TRANSIT};
use bridge_types::SystemClock;
use bridge_vault::{Identity, Limits, Settings, Transit, Vault, WorkloadToken};
use reqwest::{Certificate, ClientBuilder};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;
use tempfile::TempDir;

/// What the documentation tells an operator to write, word for word.
pub(crate) const POLICY: &str = include_str!("../../policy.hcl");

/// A company and what its platform has given to it.
pub(crate) struct Company {
    bao: OpenBao,
    files: TempDir,
}

impl Company {
    /// OpenBao with this workload registered, its tokens living for so long.
    pub(crate) fn start(policy: &str, token_lifetime: Duration) -> Option<Self> {
        Self::start_with(OpenBaoSetup::new().workload("company-a", policy, token_lifetime))
    }

    pub(crate) fn start_with(setup: OpenBaoSetup) -> Option<Self> {
        let setup = setup.workload(OPERATOR, OPERATOR_POLICY, Duration::from_mins(5));
        let bao = OpenBao::start(&setup)?;
        let company = Self { bao, files: tempfile::tempdir().unwrap() };
        company.write_token("company-a", Duration::from_mins(5));
        Some(company)
    }

    pub(crate) fn bao(&mut self) -> &mut OpenBao {
        &mut self.bao
    }

    /// What a kubelet does when the token nears its end.
    pub(crate) fn write_token(&self, subject: &str, lifetime: Duration) {
        std::fs::write(self.file("token"), self.bao.workload_token(subject, lifetime)).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.files.path().join(name)
    }

    pub(crate) fn identity(&self) -> Identity {
        workload_token(&self.file("token"))
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.bao.address().parse().unwrap(), self.identity()).with_limits(patient()).unwrap()
    }

    pub(crate) fn vault(&self) -> Vault {
        self.vault_with(self.settings())
    }

    pub(crate) fn vault_with(&self, settings: Settings) -> Vault {
        Vault::new(settings, trusting(self.bao.ca_pem()), Arc::new(SystemClock::new()))
    }

    pub(crate) fn transit(&self) -> Transit {
        Transit::new(self.vault(), TRANSIT.parse().unwrap())
    }
}

impl Deref for Company {
    type Target = OpenBao;

    fn deref(&self) -> &OpenBao {
        &self.bao
    }
}

/// A time-out for a machine that is busy with other things.
pub(crate) fn patient() -> Limits {
    Limits { timeout: Duration::from_secs(20), concurrent: 16 }
}

/// A clock whose monotonic time begins now.
pub(crate) fn stopwatch() -> SystemClock {
    SystemClock::new()
}

pub(crate) fn workload_token(file: &Path) -> Identity {
    let (mount, role) = ("jwt".parse().unwrap(), "company-a".parse().unwrap());
    Identity::WorkloadToken(WorkloadToken { mount, role, file: file.to_owned() })
}

/// Clients that trust this authority alone.
pub(crate) fn trusting(ca_pem: String) -> impl Fn() -> ClientBuilder + Send + Sync + 'static {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
    move || reqwest::Client::builder().tls_certs_only(Certificate::from_pem_bundle(ca_pem.as_bytes()).unwrap())
}

/// Requests that the crate itself never sends, with the rights of the company.
impl Company {
    /// The status of the answer.
    pub(crate) async fn raw(&self, path: &str, body: Option<&str>) -> u16 {
        let client = trusting(self.ca_pem())().build().unwrap();
        let url = |path: &str| format!("{}/v1/{path}", self.address());
        let request = match body {
            Some(body) => client.post(url(path)).body(body.to_owned()),
            None => client.get(url(path)),
        };
        request.header("X-Vault-Token", self.token().await).send().await.unwrap().status().as_u16()
    }
}

impl Company {
    /// A fresh token of OpenBao for the company.
    pub(crate) async fn token(&self) -> String {
        self.token_of("jwt", "company-a").await
    }

    async fn token_of(&self, mount: &str, subject: &str) -> String {
        let client = trusting(self.ca_pem())().build().unwrap();
        let login = serde_json::json!({
            "role": subject, "jwt": self.workload_token(subject, Duration::from_mins(1)),
        });
        let url = format!("{}/v1/auth/{mount}/login", self.address());
        let login: serde_json::Value = client.post(url).json(&login).send().await.unwrap().json().await.unwrap();
        login["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// What an operator does who has lost trust in every token that was given out.
    pub(crate) async fn revoke_all_tokens(&self) {
        let client = trusting(self.ca_pem())().build().unwrap();
        let token = self.token_of("jwt", OPERATOR).await;
        let url = format!("{}/v1/sys/leases/revoke-prefix/auth/jwt/login", self.address());
        let answer = client.post(url).header("X-Vault-Token", token).body("{\"sync\":true}").send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

const OPERATOR: &str = "operator";
const OPERATOR_POLICY: &str = "path \"sys/leases/*\" { capabilities = [\"update\", \"sudo\"] }";
