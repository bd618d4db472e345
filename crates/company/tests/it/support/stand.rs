use super::{Directory, Notes};
use bridge_company::config::Configuration;
use bridge_company::{Addresses, Company};
use bridge_testkit::{TestCa, TestIssuer};
use bridge_types::{Clock, SystemClock};
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::{Certificate, Client};
use std::sync::Arc;
use std::time::Duration;

/// The line of a policy that permits a partner on this machine.
pub(crate) const LOOPBACK: &str = "private_networks = [\"127.0.0.0/8\", \"::1/128\"]\n";

const SCOPES: &str = "[\"notes:read\", \"notes:write\"]";
const AGENT_SCOPES: &str = "[\"bridge.mirror:read\", \"bridge.events:write\"]";

/// A company that serves on ports of the system's choice, and a caller that trusts its certificates.
pub(crate) struct Stand {
    pub(crate) directory: Directory,
    pub(crate) company: Company,
    pub(crate) http: Client,
}

impl Stand {
    /// Starts a company with good files.
    pub(crate) async fn start() -> Self {
        Self::start_in(&TestCa::new(), |_| {}).await
    }

    /// Starts a company whose files a test has changed.
    pub(crate) async fn start_in(ca: &TestCa, change: impl FnOnce(&Directory)) -> Self {
        let directory = Directory::signed_by(ca);
        change(&directory);
        Self::start_with(directory, ca.certificate_pem().as_bytes()).await
    }

    /// Starts a company with good files that goes by this clock.
    pub(crate) async fn start_by(ca: &TestCa, clock: Arc<dyn Clock>) -> Self {
        let directory = Directory::signed_by(ca);
        let company = start_by(&directory, clock).await;
        Self { directory, company, http: http(ca.certificate_pem().as_bytes()) }
    }

    /// Starts a company with the files that are there.
    pub(crate) async fn start_with(directory: Directory, ca_pem: &[u8]) -> Self {
        let company = start(&directory).await;
        Self { directory, company, http: http(ca_pem) }
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        self.company.addresses()
    }

    /// The URL of a path at the API.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("https://{}{path}", self.addresses().api.address)
    }

    /// The URL of a path of the operations pages.
    pub(crate) fn operations(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses().operations.address)
    }

    /// What `/readyz` says.
    pub(crate) async fn readiness(&self) -> serde_json::Value {
        let answer = self.http.get(self.operations("/readyz")).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Starts a company that trusts `https://issuer.example` with the keys of this issuer, and lets its client `reader`
    /// read and write at the audience `https://api.example`.
    pub(crate) async fn start_trusting(issuer: &TestIssuer) -> Self {
        Self::start_in(&TestCa::new(), |directory| directory.trust(issuer)).await
    }

    /// Lets the clients of this company call the other one, and the other one let them in.
    pub(crate) fn befriend(&self, other: &Self) {
        self.introduce(other, true);
        other.introduce(self, false);
    }

    /// Lets the client of this company call its own API.
    pub(crate) fn befriend_itself(&self) {
        self.introduce(self, true);
    }

    /// Writes the addresses of this company into its configuration, where a second process can find them.
    pub(crate) fn write_addresses(&self) {
        for (section, address) in
            [("[issuer]", self.addresses().issuer.address), ("[api]", self.addresses().api.address)]
        {
            let listen = format!("{section}\nlisten = \"127.0.0.1:0\"");
            self.directory.edit("company.toml", &listen, &format!("{section}\nlisten = \"{address}\""));
        }
    }

    fn introduce(&self, other: &Self, outbound: bool) {
        let (own, partner) = (self.addresses(), other.addresses());
        let access = format!("audience = \"{}\"\nscopes = {SCOPES}", partner.api.url);
        let client = format!("client_id = \"reader\"\ncredential = \"managed\"\n[[access]]\n{access}\n");
        let access = format!("audience = \"{}\"\nscopes = {AGENT_SCOPES}", partner.api.url);
        let agent = format!("client_id = \"bridge-agent\"\ncredential = \"managed\"\n[[access]]\n{access}\n");
        let target =
            format!("[outbound]\nurl = \"{}\"\nclient = \"reader\"\nagent = \"bridge-agent\"\n", partner.api.url);
        let policy = format!(
            "issuer = \"{}\"\naudience = \"{}\"\nca_file = \"ca.pem\"\n{LOOPBACK}\
             status_list_hosts = [\"127.0.0.1\"]\n[clients.reader]\nscopes = {SCOPES}\n\
             [clients.bridge-agent]\nscopes = {AGENT_SCOPES}\n{}",
            partner.issuer.url,
            own.api.url,
            if outbound { target.as_str() } else { "" },
        );
        let ca = std::fs::read_to_string(self.directory.file("tls/ca.pem")).unwrap();
        self.directory.write("partners/ca.pem", &ca);
        self.directory.write("clients/reader.toml", &client);
        self.directory.write("clients/bridge-agent.toml", &agent);
        self.directory.write("partners/partner.toml", &policy);
    }
}

fn http(ca_pem: &[u8]) -> Client {
    let authority = Certificate::from_pem(ca_pem).unwrap();
    Client::builder().tls_certs_only([authority]).build().unwrap()
}

/// One process of a company; another one may run on the same files.
pub(crate) async fn start(directory: &Directory) -> Company {
    start_by(directory, Arc::new(SystemClock::new())).await
}

async fn start_by(directory: &Directory, clock: Arc<dyn Clock>) -> Company {
    let configuration = Configuration::load(directory.path(), &[].into()).unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    Company::start::<Notes>(configuration, clock, metrics).await.unwrap()
}

/// Waits for something that happens in the background, up to ten seconds.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(seen) = look().await {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never came about: {what}");
}
