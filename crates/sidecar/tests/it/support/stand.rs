use super::application::{Application, Reply};
use super::issuer::Issuer;
use super::server::Partner;
use super::settings::Settings;
use bridge_process::Variables;
use bridge_sidecar::config::SidecarConfig;
use bridge_sidecar::{ListenAddress, Sidecar};
use bridge_types::SystemClock;
use std::net::SocketAddr;
use std::sync::Arc;

/// A sidecar in this process, between an issuer and a partner of the test.
pub(crate) struct Stand {
    pub(crate) issuer: Issuer,
    pub(crate) partner: Partner,
    pub(crate) settings: Settings,
    pub(crate) sidecar: Sidecar,
    pub(crate) application: Application,
}

impl Stand {
    /// With a partner that answers everything with 200.
    pub(crate) async fn start() -> Self {
        Self::with(Partner::friendly().await, |settings| settings).await
    }

    /// With this partner and these changes to the settings.
    pub(crate) async fn with(partner: Partner, change: impl FnOnce(Settings) -> Settings) -> Self {
        Self::between(Issuer::start().await, partner, change)
    }

    /// Between this issuer and this partner.
    pub(crate) fn between(issuer: Issuer, partner: Partner, change: impl FnOnce(Settings) -> Settings) -> Self {
        let url = partner.url();
        let settings = change(tokio::task::block_in_place(|| Settings::new(&issuer.url(), &url)));
        let sidecar = start(&settings);
        let application = Application::of(&sidecar);
        Self { issuer, partner, settings, sidecar, application }
    }

    /// Calls the partner with a request head, and gives what came back.
    pub(crate) async fn call(&self, head: &str) -> Reply {
        self.application.call(head, b"").await
    }

    pub(crate) fn operations(&self) -> SocketAddr {
        self.sidecar.addresses().operations.address
    }

    /// What the operations pages say.
    pub(crate) async fn page(&self, path: &str) -> Reply {
        let address = self.operations();
        let page = Application::at(address, "");
        page.send(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).await
    }
}

/// Starts a sidecar in this process.
pub(crate) fn start(settings: &Settings) -> Sidecar {
    let config = SidecarConfig::load(&settings.file()).unwrap();
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
    Sidecar::start(&config, &Variables::new(), Arc::new(SystemClock::new()), metrics).unwrap()
}

impl Application {
    /// The application of a sidecar that listens on a port.
    pub(crate) fn of(sidecar: &Sidecar) -> Self {
        match &sidecar.addresses().listen {
            ListenAddress::Tcp { address, caller_key_file } => {
                Self::at(*address, &std::fs::read_to_string(caller_key_file).unwrap())
            }
            ListenAddress::Socket { socket } => panic!("a socket at {}", socket.display()),
        }
    }
}
