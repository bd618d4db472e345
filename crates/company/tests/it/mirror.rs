//! `GET /bridge/mirror`: what a partner is told about itself.

use crate::support::Stand;
use bridge_jose::Algorithm;
use bridge_testkit::{TestCa, TestIssuer};
use bridge_types::{Clock, SystemClock};
use serde_json::Value;

const API: &str = "https://api.example";
const SCOPE: &str = "bridge.mirror:read";

/// An API that trusts two issuers, which do not know of each other.
struct World {
    stand: Stand,
    one: TestIssuer,
    two: TestIssuer,
}

impl World {
    async fn start() -> Self {
        let one = TestIssuer::new("https://issuer.one.example", Algorithm::Es256);
        let two = TestIssuer::new("https://issuer.two.example", Algorithm::Es256);
        let stand = Stand::start_in(&TestCa::new(), |directory| {
            directory.edit("company.toml", "[api]\n", &format!("[api]\nurl = \"{API}\"\n"));
            directory.remove("partners/partner.toml");
            for (name, issuer) in [("one", &one), ("two", &two)] {
                directory.write(&format!("partners/{name}.json"), &issuer.jwks());
                let policy = format!(
                    "issuer = \"{}\"\nkeys = {{ jwks_file = \"{name}.json\" }}\naudience = \"{API}\"\n\
                     [clients.agent-of-{name}]\nscopes = [\"{SCOPE}\", \"right-of-{name}\"]\n",
                    issuer.url
                );
                directory.write(&format!("partners/{name}.toml"), &policy);
            }
        })
        .await;
        Self { stand, one, two }
    }

    async fn ask(&self, issuer: &TestIssuer, client: &str, scope: &str) -> (u16, Value) {
        let token = issuer.access_token(client, API, scope, SystemClock::new().now()).sign();
        let answer = self.stand.http.get(self.stand.api("/bridge/mirror")).bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        if status == 200 {
            assert_eq!(answer.headers()["cache-control"], "no-store");
        }
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }
}

#[actix_web::test]
async fn a_partner_is_told_how_it_is_seen() {
    let world = World::start().await;
    let (status, view) = world.ask(&world.one, "agent-of-one", SCOPE).await;
    assert_eq!(status, 200, "{view}");
    assert_eq!(view["issuer"], world.one.url.as_str());
    assert_eq!(view["keys"][0]["kid"], world.one.key.kid().as_str());
    assert_eq!(view["keys"][0]["alg"], "ES256");
    assert_eq!((&view["policy"]["enabled"], &view["policy"]["max_token_lifetime"]), (&true.into(), &900.into()));
    assert_eq!(view["clients"]["agent-of-one"]["scopes"][1], "right-of-one");
    assert_eq!(view["denials"], Value::Array(Vec::new()));
    for _ in 0..2 {
        assert_eq!(world.ask(&world.one, "stranger", SCOPE).await.0, 403);
    }
    assert_eq!(world.ask(&world.two, "agent-of-two", "right-of-two").await.0, 403);
    let (_, view) = world.ask(&world.one, "agent-of-one", SCOPE).await;
    assert_eq!(
        (&view["denials"][0]["reason"], &view["denials"][0]["count"]),
        (&"client_not_allowed".into(), &2.into())
    );
    assert_eq!(view["denials"].as_array().unwrap().len(), 1, "{view}");
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn a_partner_is_told_nothing_about_anybody_else() {
    let world = World::start().await;
    // Something happens to each of them, so that there is something to tell.
    for issuer in [&world.one, &world.two] {
        assert_eq!(world.ask(issuer, "stranger", SCOPE).await.0, 403);
    }
    for (asker, own, other, name) in [(&world.one, "one", &world.two, "two"), (&world.two, "two", &world.one, "one")] {
        let (status, view) = world.ask(asker, &format!("agent-of-{own}"), SCOPE).await;
        let view = view.to_string();
        assert_eq!(status, 200, "{view}");
        for foreign in [other.url.as_str(), other.key.kid().as_str(), &format!("-of-{name}"), "partners/", "127.0.0.1"]
        {
            assert!(!view.contains(foreign), "{foreign}: {view}");
        }
    }
    world.stand.company.stop().await;
}

#[actix_web::test]
async fn the_mirror_is_shown_to_whoever_has_its_scope_only() {
    let world = World::start().await;
    let (status, problem) = world.ask(&world.one, "agent-of-one", "right-of-one").await;
    assert_eq!((status, &problem["code"]), (403, &"insufficient_scope".into()));
    let answer = world.stand.http.get(world.stand.api("/bridge/mirror")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    world.stand.company.stop().await;
}
