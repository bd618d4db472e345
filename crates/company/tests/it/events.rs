//! `POST /bridge/events`: a partner's issuer tells of a revocation.

use crate::support::{Directory, Stand, eventually, start};
use bridge_jose::profile::NumericDate;
use bridge_jose::{Algorithm, EventSubject, SecurityEvent};
use bridge_testkit::{Forge, TestCa, TestIssuer};
use bridge_types::{Clock, SystemClock};
use reqwest::Response;
use serde_json::Value;

const API: &str = "https://api.example";
const AGENT: &str = "agent";

/// An API that trusts two issuers, each with an agent that may tell of revocations.
struct World {
    ca: TestCa,
    stand: Stand,
    one: TestIssuer,
    two: TestIssuer,
}

impl World {
    async fn start() -> Self {
        let one = TestIssuer::new("https://issuer.one.example", Algorithm::Es256);
        let two = TestIssuer::new("https://issuer.two.example", Algorithm::Es256);
        let ca = TestCa::new();
        let stand = Stand::start_in(&ca, |directory| {
            directory.edit("company.toml", "[api]\n", &format!("[api]\nurl = \"{API}\"\n"));
            directory.remove("partners/partner.toml");
            trust(directory, "one", &one);
            trust(directory, "two", &two);
        })
        .await;
        Self { ca, stand, one, two }
    }

    async fn restart(self) -> Self {
        let Self { ca, stand, one, two } = self;
        let Stand { directory, company, .. } = stand;
        company.stop().await;
        let stand = Stand::start_with(directory, ca.certificate_pem().as_bytes()).await;
        Self { ca, stand, one, two }
    }

    /// Sends an event with an access token of the issuer's agent.
    async fn push(&self, sender: &TestIssuer, event: &Forge) -> Response {
        self.push_as(sender, "bridge.events:write", "application/secevent+jwt", event.sign()).await
    }

    async fn push_as(&self, sender: &TestIssuer, scope: &str, media_type: &str, body: String) -> Response {
        let token = sender.access_token(AGENT, API, scope, now()).sign();
        let request = self.stand.http.post(self.stand.api("/bridge/events")).bearer_auth(token);
        request.header("content-type", media_type).body(body).send().await.unwrap()
    }

    /// The status of a call with this token, and the code of a refusal.
    async fn call(&self, token: &Forge) -> (u16, String) {
        let answer = self.stand.http.get(self.stand.api("/notes")).bearer_auth(token.sign()).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }
}

fn trust(directory: &Directory, name: &str, issuer: &TestIssuer) {
    directory.write(&format!("partners/{name}.json"), &issuer.jwks());
    let policy = format!(
        "issuer = \"{}\"\nkeys = {{ jwks_file = \"{name}.json\" }}\naudience = \"{API}\"\n\
         [clients.reader]\nscopes = [\"notes:read\"]\n\
         [clients.{AGENT}]\nscopes = [\"bridge.events:write\", \"bridge.mirror:read\"]\n",
        issuer.url
    );
    directory.write(&format!("partners/{name}.toml"), &policy);
}

fn now() -> jiff::Timestamp {
    SystemClock::new().now()
}

fn token(issuer: &TestIssuer, jti: &str) -> Forge {
    issuer.access_token("reader", API, "notes:read", now()).claim("jti", jti)
}

fn revoked(subject: EventSubject) -> SecurityEvent {
    SecurityEvent { event_timestamp: NumericDate::from(now()), reason_admin: None, subject }
}

fn token_revoked(jti: &str) -> SecurityEvent {
    revoked(EventSubject::Token { jti: jti.parse().unwrap(), status: None })
}

const REVOKED: (u16, &str) = (401, "token_revoked");

fn is(found: &(u16, String), expected: (u16, &str)) -> bool {
    (found.0, found.1.as_str()) == expected
}

#[actix_web::test]
async fn an_event_counts_when_it_is_acknowledged_and_after_a_restart() {
    let world = World::start().await;
    let (one, other) = (token(&world.one, "t1"), token(&world.one, "t2"));
    assert_eq!(world.call(&one).await.0, 200);
    let event = world.one.security_event(API, token_revoked("t1"), now());
    for _ in 0..2 {
        let answer = world.push(&world.one, &event).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (202, ""));
        assert!(is(&world.call(&one).await, REVOKED));
    }
    assert_eq!(world.call(&other).await.0, 200);
    let world = world.restart().await;
    assert!(is(&world.call(&one).await, REVOKED));
    assert_eq!(world.call(&other).await.0, 200);
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn clients_issuers_and_keys_can_be_revoked_and_nobody_else_is_touched() {
    let world = World::start().await;
    let client = EventSubject::Client { client: "reader".parse().unwrap() };
    let (one, two) = (token(&world.one, "t1"), token(&world.two, "t1"));
    assert_eq!((world.call(&one).await.0, world.call(&two).await.0), (200, 200));
    let answer = world.push(&world.one, &world.one.security_event(API, revoked(client), now())).await;
    assert_eq!(answer.status().as_u16(), 202);
    assert!(is(&world.call(&one).await, REVOKED));
    assert_eq!(world.call(&two).await.0, 200, "the same client id at another issuer is somebody else");
    let later = token(&world.one, "t2").claim("iat", now().as_second() + 1);
    assert_eq!(world.call(&later).await.0, 200, "a token of a later second is a new one");

    let answer = world.push(&world.two, &world.two.security_event(API, revoked(EventSubject::Issuer), now())).await;
    assert_eq!(answer.status().as_u16(), 202);
    assert!(is(&world.call(&two).await, REVOKED));
    assert_eq!(world.call(&later).await.0, 200);

    let key = EventSubject::Key { kid: world.one.key.kid().clone() };
    assert_eq!(
        world.push(&world.one, &world.one.security_event(API, revoked(key), now())).await.status().as_u16(),
        202
    );
    assert!(is(&world.call(&later).await, (401, "key_unknown")));
    let world = world.restart().await;
    assert!(is(&world.call(&later).await, (401, "key_unknown")));
    assert!(is(&world.call(&two).await, REVOKED));
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn a_forged_or_foreign_event_changes_nothing() {
    let world = World::start().await;
    let victims = [token(&world.one, "t1"), token(&world.two, "t1")];
    let sound = || world.one.security_event(API, token_revoked("t1"), now());
    let stranger = TestIssuer { key: world.two.key.clone(), url: world.one.url.clone() };
    let about_two = "https://issuer.two.example";
    let id = serde_json::json!({"format": "jwt_id", "iss": about_two, "jti": "t1"});
    let kid = world.one.key.kid().as_str();
    for (name, event, code) in [
        ("of another issuer", world.two.security_event(API, token_revoked("t1"), now()), "invalid_issuer"),
        ("in our name, with another's key", stranger.security_event(API, token_revoked("t1"), now()), "invalid_key"),
        (
            "in our name, with another's key under our key's id",
            stranger.security_event(API, token_revoked("t1"), now()).header("kid", kid),
            "invalid_key",
        ),
        ("about another issuer's token", sound().claim("sub_id", id), "invalid_request"),
        ("for another audience", sound().claim("aud", "https://elsewhere.example"), "invalid_audience"),
        ("for two audiences", sound().claim("aud", serde_json::json!([API, "https://x.example"])), "invalid_request"),
        ("an access token", token(&world.one, "t1"), "invalid_request"),
        ("another type", sound().header("typ", "JWT"), "invalid_request"),
        ("without events", sound().without_claim("events"), "invalid_request"),
    ] {
        let answer = world.push(&world.one, &event).await;
        assert_eq!(answer.status().as_u16(), 400, "{name}");
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(body["err"], code, "{name}: {body}");
        assert!(body["description"].is_string());
        for victim in &victims {
            assert_eq!(world.call(victim).await.0, 200, "{name}");
        }
    }
    let wrong = sound().sign_then(|signature| signature[3] ^= 1);
    let answer = world.push_as(&world.one, "bridge.events:write", "application/secevent+jwt", wrong).await;
    assert_eq!(answer.status().as_u16(), 400);
    for body in [String::new(), "x".repeat(9000), "a.b.c".to_owned()] {
        let answer = world.push_as(&world.one, "bridge.events:write", "application/secevent+jwt", body).await;
        assert_eq!(answer.status().as_u16(), 400);
    }
    let answer = world.push_as(&world.one, "bridge.events:write", "application/json", sound().sign()).await;
    assert_eq!(answer.status().as_u16(), 400, "not called an event");
    let answer = world.push_as(&world.one, "notes:read", "application/secevent+jwt", sound().sign()).await;
    assert_eq!(answer.status().as_u16(), 403, "without the scope");
    assert!(world.call(&victims[0]).await.0 == 200 && world.call(&victims[1]).await.0 == 200);
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn an_event_from_the_future_is_to_be_sent_again_because_a_clock_may_be_set_right() {
    let world = World::start().await;
    let victim = token(&world.one, "t1");
    let ahead = |seconds| jiff::Timestamp::from_second(now().as_second() + seconds).unwrap();
    let event = world.one.security_event(API, token_revoked("t1"), ahead(90));
    let answer = world.push(&world.one, &event).await;
    assert_eq!(answer.status().as_u16(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(world.call(&victim).await.0, 200);
    let event = world.one.security_event(API, token_revoked("t1"), ahead(20));
    assert_eq!(world.push(&world.one, &event).await.status().as_u16(), 202, "within the leeway");
    assert!(is(&world.call(&victim).await, REVOKED));
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn events_that_come_in_another_order_come_to_the_same() {
    let world = World::start().await;
    let at = |ago: i64| {
        let moment = jiff::Timestamp::from_second(now().as_second() - ago).unwrap();
        let subject = EventSubject::Client { client: "reader".parse().unwrap() };
        world.one.security_event(
            API,
            SecurityEvent { event_timestamp: moment.into(), reason_admin: None, subject },
            now(),
        )
    };
    let between = token(&world.one, "t1").claim("iat", now().as_second() - 5);
    assert_eq!(world.push(&world.one, &at(10)).await.status().as_u16(), 202);
    assert_eq!(world.call(&between).await.0, 200);
    for event in [at(2), at(10), at(2)] {
        assert_eq!(world.push(&world.one, &event).await.status().as_u16(), 202);
        assert!(is(&world.call(&between).await, REVOKED));
    }
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn a_process_beside_this_one_is_told_too() {
    let world = World::start().await;
    let beside = start(&world.stand.directory).await;
    let notes = format!("https://{}/notes", beside.addresses().api.address);
    let (token, event) = (token(&world.one, "t1"), world.one.security_event(API, token_revoked("t1"), now()));
    let ask = async || world.stand.http.get(&notes).bearer_auth(token.sign()).send().await.unwrap().status().as_u16();
    assert_eq!(ask().await, 200);
    assert_eq!(world.push(&world.one, &event).await.status().as_u16(), 202);
    eventually("the refusal beside", async || (ask().await == 401).then_some(())).await;
    beside.stop().await;
    world.stand.company.stop().await;
}
