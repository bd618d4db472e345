//! Two companies whose clocks differ. No process can have its own time of day, so both run in this one, each with the clock
//! that it is given.

use crate::support::{Stand, eventually, run_beside_with};
use bridge_company::Exit;
use bridge_jose::{Algorithm, SigningKey, jwks_json};
use bridge_testkit::{Forge, TestCa};
use bridge_types::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The machine's clock, so many seconds ahead.
#[derive(Debug)]
struct Ahead(SystemClock, AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + SignedDuration::from_secs(self.1.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

/// Company A goes by the machine's clock, company B by another one. A client of A has its key in the test's hand.
struct World {
    a: Stand,
    b: Stand,
    clock: Arc<Ahead>,
    key: SigningKey,
}

impl World {
    /// The clock of B is so many seconds ahead of that of A.
    async fn start(ahead: i64) -> Self {
        let (ca, key) = (TestCa::new(), SigningKey::generate(Algorithm::Es256).unwrap());
        let clock = Arc::new(Ahead(SystemClock::new(), ahead.into()));
        let (a, b) = (Stand::start_in(&ca, |_| {}).await, Stand::start_by(&ca, clock.clone()).await);
        a.write_addresses();
        a.befriend(&b);
        let access = format!("[[access]]\naudience = \"{}\"\nscopes = [\"notes:read\"]\n", b.addresses().api.url);
        let client = format!("client_id = \"keyed\"\ncredential = {{ jwks_file = \"keyed.json\" }}\n{access}");
        a.directory.write("clients/keyed.json", &jwks_json([key.public()]));
        a.directory.write("clients/keyed.toml", &client);
        let admitted = "[clients.keyed]\nscopes = [\"notes:read\"]\n[clients.reader]";
        b.directory.edit("partners/partner.toml", "[clients.reader]", admitted);
        Self { a, b, clock, key }
    }

    /// A token that A has just made, once it knows the client.
    async fn token(&self) -> String {
        eventually("a token", async || self.ask_token().await).await
    }

    async fn ask_token(&self) -> Option<String> {
        let issuer = self.a.addresses().issuer.url.as_str();
        let assertion = Forge::assertion(&self.key, "keyed", issuer, SystemClock::new().now()).sign();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
            ("resource", self.b.addresses().api.url.as_str()),
            ("scope", "notes:read"),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.a.http.post(format!("{issuer}/token"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["access_token"].as_str().map(str::to_owned)
    }

    /// What B answers to a call: the status, and the code of a refusal.
    async fn call(&self, token: &str) -> (u16, String) {
        let answer = self.a.http.get(self.b.api("/notes")).bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Calls until B has read the policy for A and answers like this.
    async fn answers(&self, token: &str, status: u16, code: &str) {
        let what = format!("{status} {code}");
        eventually(&what, async || (self.call(token).await == (status, code.to_owned())).then_some(())).await;
    }

    async fn revoke(&self, token: &str) {
        let revoked = run_beside_with(&self.a, &["revoke", "--token"], token).await;
        assert_eq!(revoked.exit, Exit::Done, "{revoked:?}");
    }

    async fn stop(self) {
        self.a.company.stop().await;
        self.b.company.stop().await;
    }
}

#[actix_web::test]
async fn half_a_minute_between_two_clocks_hinders_neither_calls_nor_revocations() {
    for ahead in [30, -30] {
        let world = World::start(ahead).await;
        let (token, other) = (world.token().await, world.token().await);
        world.answers(&token, 200, "").await;
        world.revoke(&token).await;
        world.answers(&token, 401, "token_revoked").await;
        world.answers(&other, 200, "").await;
        let revoked = run_beside_with(&world.a, &["revoke", "--client", "keyed"], "").await;
        assert_eq!(revoked.exit, Exit::Done, "{revoked:?}");
        world.answers(&other, 401, "token_revoked").await;
        world.answers(&world.token().await, 200, "").await;
        world.stop().await;
    }
}

#[actix_web::test]
async fn a_clock_five_minutes_behind_refuses_and_says_why_and_loses_no_revocation() {
    let world = World::start(-300).await;
    let token = world.token().await;
    world.answers(&token, 401, "token_issued_in_future").await;
    world.revoke(&token).await;
    // Somebody sets the clock of B right. What A could not tell meanwhile is told now.
    world.clock.1.store(0, Ordering::SeqCst);
    world.answers(&token, 401, "token_revoked").await;
    world.answers(&world.token().await, 200, "").await;
    world.stop().await;
}

#[actix_web::test]
async fn a_clock_five_minutes_ahead_leaves_a_token_its_half_minute_of_leeway() {
    let world = World::start(300).await;
    let token = world.token().await;
    world.answers(&token, 200, "").await;
    world.revoke(&token).await;
    world.answers(&token, 401, "token_revoked").await;
    let other = world.token().await;
    world.clock.1.store(331, Ordering::SeqCst);
    world.answers(&other, 401, "token_expired").await;
    world.stop().await;
}
