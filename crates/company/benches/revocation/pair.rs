use super::application::Business;
use bridge_company::Company;
use bridge_company::config::Configuration;
use bridge_jose::{Algorithm, SigningKey, jwks_json};
use bridge_testkit::Forge;
use bridge_types::{Clock, SystemClock};
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::{Client, Response};
use serde_json::Value;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const FORM: &str = "application/x-www-form-urlencoded";

/// Two companies in this process, in plain HTTP on loopback: one issues and revokes, the other one has the API.
pub(crate) struct Pair {
    issuing: Company,
    serving: Company,
    key: SigningKey,
    pub(crate) http: Client,
    directories: [TempDir; 2],
}

impl Pair {
    /// Starts both, and waits until a token of the one is taken by the other. Revocations are pushed, or only published in
    /// status lists that are fetched again after this time.
    pub(crate) async fn start(pushed: bool, ttl: Duration) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let directories = [directory("issuing", ttl), directory("serving", ttl)];
        let (issuing, serving) = (start(&directories[0]).await, start(&directories[1]).await);
        let pair = Self { issuing, serving, key, http: Client::new(), directories };
        pair.introduce(pushed);
        let mut tries = 0;
        while !pair.is_acquainted().await {
            tries += 1;
            assert!(tries < 200, "the companies do not get acquainted");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        pair
    }

    fn introduce(&self, pushed: bool) {
        let (issuer, api) = (&self.issuing.addresses().issuer.url, &self.serving.addresses().api.url);
        let [issuing, serving] = &self.directories;
        let access = |scopes: &str| format!("[[access]]\naudience = \"{api}\"\nscopes = [{scopes}]\n");
        let events = "\"bridge.events:write\", \"bridge.mirror:read\"";
        write(issuing, "clients/keys.json", &jwks_json([self.key.public()]));
        let keys = "credential = { jwks_file = \"keys.json\" }";
        write(issuing, "clients/client.toml", &format!("client_id = \"client\"\n{keys}\n{}", access("\"work\"")));
        write(
            issuing,
            "clients/agent.toml",
            &format!("client_id = \"agent\"\ncredential = \"managed\"\n{}", access(events)),
        );
        let policy = format!(
            "issuer = \"{issuer}\"\naudience = \"{api}\"\nprivate_networks = [\"127.0.0.0/8\"]\n\
             status_list_hosts = [\"127.0.0.1\"]\n[clients.client]\nscopes = [\"work\"]\n\
             [clients.agent]\nscopes = [{events}]\n"
        );
        write(serving, "partners/issuing.toml", &policy);
        let agent = if pushed { "agent = \"agent\"\n" } else { "" };
        let (theirs, own) = (&self.serving.addresses().issuer.url, &self.issuing.addresses().api.url);
        let outbound = format!(
            "issuer = \"{theirs}\"\naudience = \"{own}\"\nprivate_networks = [\"127.0.0.0/8\"]\n[clients]\n\
             [outbound]\nurl = \"{api}\"\nclient = \"agent\"\n{agent}"
        );
        write(issuing, "partners/serving.toml", &outbound);
    }

    async fn is_acquainted(&self) -> bool {
        match self.ask("token", &[("grant_type", "client_credentials"), ("scope", "work")]).await {
            Some(token) => self.call(&token).await == 200,
            None => false,
        }
    }

    /// A new token.
    pub(crate) async fn token(&self) -> String {
        self.ask("token", &[("grant_type", "client_credentials"), ("scope", "work")]).await.unwrap()
    }

    async fn ask(&self, endpoint: &str, form: &[(&str, &str)]) -> Option<String> {
        let api = self.serving.addresses().api.url.to_string();
        let answer = self.post(endpoint, &[form, &[("resource", &api)]].concat()).await;
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        answer["access_token"].as_str().map(str::to_owned)
    }

    /// Revokes a token at the endpoint for that (RFC 7009); it is durable when this returns.
    pub(crate) async fn revoke(&self, token: &str) {
        assert_eq!(self.post("revoke", &[("token", token)]).await.status(), 200);
    }

    async fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> Response {
        let issuer = self.issuing.addresses().issuer.url.to_string();
        let assertion = Forge::assertion(&self.key, "client", &issuer, SystemClock::new().now()).sign();
        let client = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let body = encode(client.iter().chain(form));
        self.http.post(format!("{issuer}/{endpoint}")).header("content-type", FORM).body(body).send().await.unwrap()
    }

    /// The status that a call with this token gets.
    pub(crate) async fn call(&self, token: &str) -> u16 {
        let url = format!("{}/guarded", self.serving.addresses().api.url);
        let answer = self.http.get(url).bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        // A body that is read lets the connection be used again.
        drop(answer.bytes().await);
        status
    }

    pub(crate) async fn stop(self) {
        self.issuing.stop().await;
        self.serving.stop().await;
    }
}

fn encode<'f>(form: impl Iterator<Item = &'f (&'f str, &'f str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

fn directory(name: &str, ttl: Duration) -> TempDir {
    let directory = TempDir::new().unwrap();
    let (listen, ttl) = ("listen = \"127.0.0.1:0\"", ttl.as_secs());
    let company = format!(
        "name = \"{name}\"\ndatabase = \"sqlite:{name}.db\"\ntls = false\n[issuer]\n{listen}\n\
         status_list_ttl = \"{ttl}s\"\n[api]\n{listen}\n[operations]\n{listen}\n[limits]\n\
         requests_per_second = 1000000\ntokens_per_second = 1000000\nrefusals_per_second = 1000000\n"
    );
    write(&directory, "company.toml", &company);
    fs::create_dir_all(directory.path().join("clients")).unwrap();
    fs::create_dir_all(directory.path().join("partners")).unwrap();
    directory
}

fn write(directory: &TempDir, name: &str, text: &str) {
    let file = directory.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

async fn start(directory: &TempDir) -> Company {
    let configuration = Configuration::load(directory.path(), &[].into()).unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    Company::start::<Business>(configuration, Arc::new(SystemClock::new()), metrics).await.unwrap()
}
