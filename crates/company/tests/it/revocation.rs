//! Revoking, beside a company that serves: what its lists say, and what a partner is told.

use crate::support::{Directory, Outcome, Stand, eventually, run, run_beside, run_beside_with};
use bridge_company::Exit;
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{
    Algorithm, CredentialChange, EventSubject, KeySet, SecurityEventClaims, SigningKey, StatusList, StatusListClaims,
    Typ, UnverifiedToken, VerifiedToken, jwks_json,
};
use bridge_testkit::{Forge, TestCa};
use bridge_types::{Clock, SystemClock};
use serde_json::Value;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const AUDIENCE: &str = "https://api.example";

fn verified_with(keys: &KeySet, text: &str) -> VerifiedToken {
    let token = UnverifiedToken::parse_up_to(text, 1 << 20).unwrap();
    let key = keys.find(token.header().key_id()).unwrap().clone();
    token.verify(&key).unwrap()
}

/// A company with a client whose key the test has, and a partner that takes events.
struct World {
    stand: Stand,
    key: SigningKey,
    partner: MockServer,
    /// The keys with which the company began: a partner goes on holding them until it hears of others.
    first_keys: KeySet,
}

impl World {
    async fn start() -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let partner = MockServer::start().await;
        let stand = Stand::start_in(&TestCa::new(), |directory| {
            directory.write("clients/reader.jwks.json", &jwks_json([key.public()]));
            directory.edit("clients/reader.toml", "\"managed\"", "{ jwks_file = \"reader.jwks.json\" }");
            let agent = format!(
                "client_id = \"agent\"\ncredential = \"managed\"\n[[access]]\naudience = \"{AUDIENCE}\"\n\
                 scopes = [\"bridge.events:write\"]\n"
            );
            directory.write("clients/agent.toml", &agent);
            let outbound = format!(
                "url = \"{}\"\naudience = \"{AUDIENCE}\"\nagent = \"agent\"\nclient = \"agent\"",
                partner.uri()
            );
            directory.edit("partners/partner.toml", "url = \"https://api.example\"\nclient = \"reader\"", &outbound);
        })
        .await;
        stand.write_addresses();
        let published = format!("{}/jwks.json", stand.addresses().issuer.url);
        let (first_keys, _) =
            KeySet::parse(&stand.http.get(published).send().await.unwrap().bytes().await.unwrap()).unwrap();
        Self { stand, key, partner, first_keys }
    }

    fn issuer(&self, path: &str) -> String {
        format!("{}{path}", self.stand.addresses().issuer.url)
    }

    /// Lets the partner answer the next events with this status, as often as this.
    async fn partner_answers(&self, answer: ResponseTemplate, times: u64) {
        let mock = Mock::given(method("POST")).and(path("/bridge/events"));
        mock.respond_with(answer).up_to_n_times(times).mount(&self.partner).await;
    }

    async fn ask(&self, endpoint: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let assertion = Forge::assertion(&self.key, "reader", &self.issuer(""), SystemClock::new().now()).sign();
        let client = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(client).extend_pairs(form).finish();
        let form =
            self.stand.http.post(self.issuer(endpoint)).header("content-type", "application/x-www-form-urlencoded");
        let answer = form.body(body).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn ask_token(&self) -> (u16, Value) {
        let grant = ("grant_type", "client_credentials");
        self.ask("/token", &[grant, ("resource", AUDIENCE), ("scope", "notes:read")]).await
    }

    async fn token(&self) -> String {
        let (status, answer) = self.ask_token().await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str) -> String {
        self.stand.http.get(self.issuer(path)).send().await.unwrap().text().await.unwrap()
    }

    /// A token of the company, once its signature was checked with the keys that it publishes.
    async fn verified(&self, text: &str) -> VerifiedToken {
        let (keys, _) = KeySet::parse(self.get("/jwks.json").await.as_bytes()).unwrap();
        verified_with(&keys, text)
    }

    async fn claims(&self, token: &str) -> AccessTokenClaims {
        self.verified(token).await.claims().unwrap()
    }

    /// What the status list says of a token now.
    async fn is_revoked(&self, token: &str) -> bool {
        let status = self.claims(token).await.status.unwrap().status_list;
        let list = self.stand.http.get(status.uri.as_str()).send().await.unwrap().text().await.unwrap();
        let list: StatusListClaims = self.verified(&list).await.claims().unwrap();
        assert_eq!(list.sub, status.uri);
        StatusList::open(&list.status_list, 1 << 17).unwrap().is_set(status.idx).unwrap()
    }

    async fn becomes_revoked(&self, token: &str) {
        eventually("the bit of a revoked token", async || self.is_revoked(token).await.then_some(())).await;
    }

    /// The events that the partner got, as many as this.
    async fn events(&self, count: usize) -> Vec<SecurityEventClaims> {
        let look = async || {
            let received = self.partner.received_requests().await.unwrap_or_default();
            (received.len() >= count).then_some(received)
        };
        let mut events = Vec::new();
        for request in eventually("events at the partner", look).await {
            assert_eq!(request.headers["content-type"], "application/secevent+jwt");
            let access = request.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
            // Made before the event, so that the partner takes it whatever the event says; or with the key after it.
            let kid = UnverifiedToken::parse(&access).unwrap().header().key_id().clone();
            let access = match self.first_keys.find(&kid) {
                Some(_) => verified_with(&self.first_keys, &access),
                None => self.verified(&access).await,
            };
            let access: AccessTokenClaims = access.claims().unwrap();
            assert_eq!((access.client_id.as_str(), access.aud.as_str()), ("agent", AUDIENCE));
            assert_eq!(access.scope.to_string(), "bridge.events:write");
            let event = self.verified(std::str::from_utf8(&request.body).unwrap()).await;
            assert!(event.header().is(Typ::SecurityEvent));
            events.push(event.claims().unwrap());
        }
        assert_eq!(events.len(), count);
        events
    }

    /// Waits until nothing is left in the outbox.
    async fn settled(&self) {
        let empty = async || {
            let listing = run_beside(&self.stand, &["outbox", "list", "--json"]).await.stdout;
            let listing: Value = serde_json::from_str(&listing).unwrap();
            listing.as_object().unwrap().values().all(|part| part.as_array().unwrap().is_empty()).then_some(())
        };
        eventually("an empty outbox", empty).await;
    }

    async fn run(&self, arguments: &[&str]) -> Outcome {
        run_beside(&self.stand, arguments).await
    }
}

#[actix_web::test]
async fn a_token_is_revoked_from_a_file_and_its_partner_is_told() {
    let world = World::start().await;
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    let (revoked, valid) = (world.token().await, world.token().await);
    assert!(!world.is_revoked(&revoked).await);
    world.stand.directory.write("token", &format!("{revoked}\n"));
    let file = world.stand.directory.file("token");
    let arguments = ["revoke", "--token-file", file.to_str().unwrap(), "--reason", "left in a chat"];
    let outcome = world.run(&arguments).await;
    assert_eq!((outcome.exit, outcome.stderr.as_str()), (Exit::Done, ""));
    assert!(outcome.stdout.contains("told at once: partner"), "{outcome:?}");
    assert!(!outcome.stdout.contains("eyJ"), "{outcome:?}");
    world.becomes_revoked(&revoked).await;
    assert!(!world.is_revoked(&valid).await);

    let [event] = &world.events(1).await[..] else { unreachable!() };
    let claims = world.claims(&revoked).await;
    assert_eq!(event.iss.as_str(), world.issuer(""));
    assert_eq!(event.aud.as_str(), AUDIENCE);
    let status = claims.status.map(|claim| claim.status_list);
    assert_eq!(event.event.subject, EventSubject::Token { jti: claims.jti, status });
    assert_eq!(event.event.reason_admin.as_deref(), Some("left in a chat"));

    let again = world.run(&arguments).await;
    assert!(again.exit == Exit::Done && again.stdout.starts_with("revoked before"), "{again:?}");
    world.settled().await;
    world.events(1).await;
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn a_token_comes_from_standard_input_and_never_from_the_command_line() {
    let world = World::start().await;
    let token = world.token().await;
    let outcome = run_beside_with(&world.stand, &["revoke", "--token", "--json"], &token).await;
    let done: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.exit, &done["already"], &done["told"][0]), (Exit::Done, &false.into(), &"partner".into()));
    world.becomes_revoked(&token).await;
    let on_the_line = run_beside_with(&world.stand, &["revoke", "--token", &token], "").await;
    assert_eq!(on_the_line.exit, Exit::Misconfigured);
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_revoked_is_explained_and_changes_nothing() {
    let world = World::start().await;
    for (stdin, text) in [
        ("", "expected one token, found nothing"),
        ("two words", "expected one token, found several words"),
        ("nonsense", "not an access token (token_unreadable)"),
    ] {
        let outcome = run_beside_with(&world.stand, &["revoke", "--token"], stdin).await;
        assert!(outcome.exit == Exit::Failed && outcome.stderr.contains(text), "{text}: {outcome:?}");
    }
    for (arguments, text) in [
        (&["revoke"][..], "required"),
        (&["revoke", "--all", "--client", "reader"], "cannot be used with"),
        (&["revoke", "--token-file", "/nowhere/token"], "/nowhere/token"),
        (&["revoke", "--client", "nobody"], "unknown client: expected one of agent, reader, found nobody"),
        (&["clients", "disable", "nobody"], "unknown client: expected one of agent, reader, found nobody"),
        (&["clients", "enable", "nobody"], "unknown client"),
    ] {
        let outcome = world.run(arguments).await;
        assert!(outcome.exit != Exit::Done && outcome.stderr.contains(text), "{text}: {outcome:?}");
    }
    world.settled().await;
    world.stand.company.stop().await;
}

#[test]
fn a_company_that_was_never_started_has_nothing_to_revoke() {
    let directory = Directory::new();
    let outcome = run(&directory, &["revoke", "--all"], &[]);
    assert!(outcome.exit == Exit::Failed && outcome.stderr.contains("nothing was ever issued"), "{outcome:?}");
    assert!(!directory.file("notes.db").exists());
}

#[actix_web::test]
async fn all_tokens_of_a_client_are_revoked_and_its_next_ones_are_good() {
    let world = World::start().await;
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    let before = [world.token().await, world.token().await];
    let outcome = world.run(&["revoke", "--client", "reader"]).await;
    assert_eq!(outcome.exit, Exit::Done, "{outcome:?}");
    for token in &before {
        world.becomes_revoked(token).await;
    }
    let [event] = &world.events(1).await[..] else { unreachable!() };
    assert_eq!(event.event.subject, EventSubject::Client { client: "reader".parse().unwrap() });
    let until = event.event.event_timestamp;
    for token in &before {
        assert!(world.claims(token).await.iat <= until);
    }
    let after = world.token().await;
    assert!(world.claims(&after).await.iat > until && !world.is_revoked(&after).await);
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn all_tokens_of_the_issuer_are_revoked_at_once() {
    let world = World::start().await;
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    let before = world.token().await;
    assert_eq!(world.run(&["revoke", "--all"]).await.exit, Exit::Done);
    world.becomes_revoked(&before).await;
    // The token with which this very event is sent is a new one.
    let [event] = &world.events(1).await[..] else { unreachable!() };
    assert_eq!(event.event.subject, EventSubject::Issuer);
    let after = world.token().await;
    assert!(world.claims(&after).await.iat > event.event.event_timestamp && !world.is_revoked(&after).await);
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn a_key_that_is_revoked_is_told_of_and_takes_the_tokens_of_its_client_with_it() {
    let world = World::start().await;
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    let listing: Value = serde_json::from_str(&world.run(&["keys", "list", "--json"]).await.stdout).unwrap();
    let kid = |purpose: &str| {
        let keys = listing["keys"].as_array().unwrap();
        keys.iter().find(|key| key["purpose"] == purpose).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    let (issuers, agents) = (kid("access tokens"), kid("client agent"));
    assert!(world.run(&["revoke", "--key", &issuers]).await.stderr.contains("--reason"));
    let outcome = world.run(&["revoke", "--key", &issuers, "--reason", "stolen"]).await;
    assert!(outcome.exit == Exit::Done && outcome.stdout.contains("told at once: partner"), "{outcome:?}");
    let [event] = &world.events(1).await[..] else { unreachable!() };
    assert_eq!(event.event.subject, EventSubject::Key { kid: issuers.parse().unwrap() });
    assert_eq!(event.event.reason_admin.as_deref(), Some("stolen"));

    let outcome = world.run(&["keys", "revoke", &agents, "--reason", "stolen too", "--json"]).await;
    let done: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(done["told"][0], "partner", "{outcome:?}");
    let [_, event] = &world.events(2).await[..] else { unreachable!() };
    let subject = EventSubject::Credential { client: "agent".parse().unwrap(), change: CredentialChange::Revoke };
    assert_eq!(event.event.subject, subject);
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn a_disabled_client_gets_nothing_until_it_is_enabled() {
    let world = World::start().await;
    let before = world.token().await;
    let outcome = world.run(&["clients", "disable", "reader", "--reason", "laptop lost"]).await;
    assert!(outcome.stdout.starts_with("client reader is disabled\nrevoked: every token"), "{outcome:?}");
    let refused = async || (world.ask_token().await.0 == 400).then_some(());
    eventually("a refusal", refused).await;
    let (_, answer) = world.ask_token().await;
    assert_eq!(answer["error"], "unauthorized_client");
    world.becomes_revoked(&before).await;
    let listing = world.run(&["clients", "list", "--json"]).await.stdout;
    let listing: Value = serde_json::from_str(&listing).unwrap();
    let enabled = |name: &str| {
        let clients = listing["clients"].as_array().unwrap();
        clients.iter().find(|client| client["name"] == name).unwrap()["enabled"].clone()
    };
    assert_eq!((enabled("reader"), enabled("agent")), (false.into(), true.into()));

    assert!(world.run(&["clients", "disable", "reader"]).await.stdout.contains("(it was before)"));
    assert!(world.run(&["clients", "enable", "reader"]).await.stdout.starts_with("client reader is enabled\n"));
    assert!(world.run(&["clients", "enable", "reader"]).await.stdout.contains("(it was before)"));
    let good = async || (world.ask_token().await.0 == 200).then_some(());
    eventually("a token", good).await;
    assert!(!world.is_revoked(&world.token().await).await);
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn a_client_revokes_its_token_at_the_endpoint_and_its_partner_is_told() {
    let world = World::start().await;
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    let token = world.token().await;
    assert_eq!(world.ask("/revoke", &[("token", &token)]).await, (200, Value::Null));
    world.becomes_revoked(&token).await;
    let [event] = &world.events(1).await[..] else { unreachable!() };
    assert_eq!(event.event.subject.kind(), "token");
    assert_eq!(world.ask("/revoke", &[("token", "nonsense")]).await, (200, Value::Null));
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn an_event_is_repeated_with_its_name_until_it_is_acknowledged() {
    let world = World::start().await;
    world.partner_answers(ResponseTemplate::new(503), 1).await;
    let refusal = ResponseTemplate::new(400).set_body_json(serde_json::json!({"err": "invalid_key"}));
    world.partner_answers(refusal, 1).await;
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    assert_eq!(world.run(&["revoke", "--all"]).await.exit, Exit::Done);
    world.settled().await;
    let events = world.events(3).await;
    assert!(events.iter().all(|event| *event == events[0]), "{events:?}");
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn an_event_outlives_the_company_that_queued_it() {
    let world = World::start().await;
    world.partner_answers(ResponseTemplate::new(503), 100).await;
    let World { stand, key, partner, first_keys } = world;
    let ca = std::fs::read_to_string(stand.directory.file("tls/ca.pem")).unwrap();
    assert_eq!(run_beside(&stand, &["revoke", "--client", "reader"]).await.exit, Exit::Done);
    stand.company.stop().await;
    partner.reset().await;
    let stand = Stand::start_with(stand.directory, ca.as_bytes()).await;
    let world = World { stand, key, partner, first_keys };
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    let [event] = &world.events(1).await[..] else { unreachable!() };
    assert_eq!(event.event.subject.kind(), "client");
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn an_event_that_the_partner_cannot_read_is_given_up_and_holds_up_nothing() {
    let world = World::start().await;
    Mock::given(method("POST"))
        .and(header("accept", "application/json"))
        .respond_with(ResponseTemplate::new(400).set_body_json(serde_json::json!({"err": "invalid_request"})))
        .mount(&world.partner)
        .await;
    assert_eq!(world.run(&["revoke", "--client", "reader"]).await.exit, Exit::Done);
    let refused = async || (!world.partner.received_requests().await.unwrap().is_empty()).then_some(());
    eventually("a refusal", refused).await;
    world.partner.reset().await;
    world.partner_answers(ResponseTemplate::new(202), 9).await;
    assert_eq!(world.run(&["revoke", "--all"]).await.exit, Exit::Done);
    let look = async || {
        let received = world.partner.received_requests().await.unwrap_or_default();
        let mut kinds = Vec::new();
        for request in received {
            let event = world.verified(std::str::from_utf8(&request.body).unwrap()).await;
            kinds.push(event.claims::<SecurityEventClaims>().unwrap().event.subject.kind());
        }
        kinds.contains(&"issuer").then_some(())
    };
    eventually("the later event", look).await;
    world.stand.company.stop().await;
}
