//! A sidecar between the issuer of one company and the API of another, both real, each over TLS of its own authority.

use crate::support::{Captured, Stand, eventually};
use bridge_company::{Exit, Process};
use bridge_sidecar::config::SidecarConfig;
use bridge_sidecar::{ListenAddress, Sidecar};
use bridge_types::SystemClock;
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::Client;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// An application's sidecar at company A, and both companies.
struct World {
    a: Stand,
    b: Stand,
    files: TempDir,
}

impl World {
    /// The sidecar's client, with a key that the sidecar made, is registered at A and named in B's policy.
    async fn new() -> Self {
        let (b, files) = (Stand::start().await, TempDir::new().unwrap());
        let client = format!(
            "client_id = \"application\"\ncredential = {{ jwks_file = \"application.jwks.json\" }}\n\
             [[access]]\naudience = \"{}\"\nscopes = [\"notes:read\", \"notes:write\"]\n",
            b.addresses().api.url
        );
        let world = Self { a: Stand::start().await, b, files };
        world.a.befriend(&world.b);
        for (side, other) in [(&world.a, &world.b), (&world.b, &world.a)] {
            side.directory.write("partners/ca.pem", &other.directory.read("tls/ca.pem"));
        }
        world.write();
        world.a.directory.write("clients/application.jwks.json", &world.register().await);
        world.a.directory.write("clients/application.toml", &client);
        let named = "[clients.application]\nscopes = [\"notes:read\"]\n[clients.reader]";
        world.b.directory.edit("partners/partner.toml", "[clients.reader]", named);
        world
    }

    fn file(&self) -> PathBuf {
        self.files.path().join("sidecar.toml")
    }

    /// Writes the configuration and the authorities that it names.
    fn write(&self) {
        for (name, company) in [("a", &self.a), ("b", &self.b)] {
            fs::write(self.files.path().join(name).with_extension("pem"), company.directory.read("tls/ca.pem"))
                .unwrap();
        }
        let text = format!(
            "name = \"test\"\n[issuer]\nurl = \"{}\"\nca_file = \"a.pem\"\n\
             [client]\nclient_id = \"application\"\ncredential = {{ key_file = \"client.pem\" }}\n\
             [listen]\ntcp = \"127.0.0.1:0\"\n[operations]\nlisten = \"127.0.0.1:0\"\n\
             [runtime]\ndirectory = \"run\"\non_disk = true\n\
             [partners.company-b]\nurl = \"{}\"\nca_file = \"b.pem\"\nprivate_networks = [\"127.0.0.0/8\"]\n\
             scopes = [\"notes:read\"]\n",
            self.a.addresses().issuer.url,
            self.b.addresses().api.url
        );
        fs::write(self.file(), text).unwrap();
    }

    /// The public half of the key that the sidecar makes.
    async fn register(&self) -> String {
        let (stdout, config) = (Captured::default(), self.file().into_os_string());
        let printed = stdout.clone();
        // A command line has a runtime of its own.
        let run = move || {
            bridge_sidecar::run_with(Process {
                arguments: vec!["bridge-sidecar".into(), "register".into(), "--config".into(), config],
                variables: [].into(),
                stdin: Box::new(std::io::empty()),
                stdout: Box::new(stdout),
                stderr: Box::new(Captured::default()),
            })
        };
        assert_eq!(tokio::task::spawn_blocking(run).await.unwrap(), Exit::Done);
        printed.text()
    }

    fn start(&self) -> Sidecar {
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let config = SidecarConfig::load(&self.file()).unwrap();
        Sidecar::start(&config, &[].into(), Arc::new(SystemClock::new()), metrics).unwrap()
    }
}

/// What the application gets for a request, which shows the caller key that the sidecar has put into a file.
async fn call(sidecar: &Sidecar, method: &str, path: &str) -> (u16, Value) {
    let ListenAddress::Tcp { address, caller_key_file } = &sidecar.addresses().listen else { panic!("not a port") };
    let key = fs::read_to_string(caller_key_file).unwrap();
    let request = Client::new().request(method.parse().unwrap(), format!("http://{address}/company-b{path}"));
    let answer = request.header("bridge-caller-key", key).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[actix_web::test]
async fn an_application_calls_the_partner_with_a_token_of_the_own_issuer() {
    let world = World::new().await;
    let sidecar = world.start();
    let answered = async || Some(call(&sidecar, "GET", "/notes").await).filter(|(status, _)| *status == 200);
    let (_, caller) = eventually("the first answer", answered).await;
    assert_eq!(caller["client_id"], "application");
    assert_eq!(caller["issuer"], world.a.addresses().issuer.url.as_str());
    let (status, refusal) = call(&sidecar, "POST", "/notes").await;
    assert_eq!((status, &refusal["code"]), (403, &"scope_beyond_ceiling".into()), "the partner's own words");
    sidecar.stop().await;
    world.a.company.stop().await;
    world.b.company.stop().await;
}

#[actix_web::test]
async fn another_authority_than_the_configured_one_gets_no_assertion_and_no_token() {
    let world = World::new().await;
    let pem = |name: &str| world.files.path().join(name);
    for (stranger, status, code) in [("b.pem", 502, "partner_unreachable"), ("a.pem", 503, "token_unavailable")] {
        let good = fs::read(pem(stranger)).unwrap();
        let other = if stranger == "b.pem" { "a.pem" } else { "b.pem" };
        let sidecar = world.start();
        let met = async || Some(call(&sidecar, "GET", "/notes").await).filter(|(status, _)| *status == 200);
        eventually("a good answer first", met).await;
        sidecar.stop().await;
        fs::copy(pem(other), pem(stranger)).unwrap();
        let sidecar = world.start();
        let (found, problem) = call(&sidecar, "GET", "/notes").await;
        assert_eq!((found, &problem["code"]), (status, &code.into()), "{problem}");
        assert_eq!(problem["partner_may_have_acted"], false);
        sidecar.stop().await;
        fs::write(pem(stranger), good).unwrap();
    }
    world.a.company.stop().await;
    world.b.company.stop().await;
}
