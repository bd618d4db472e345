//! What the targets under test are told, and the forger's keys.

use bridge_jose::Algorithm;
use bridge_testkit::attacks::{Face, Foreign, Policy, World};

pub(crate) fn resource_server() -> Policy {
    Policy {
        issuer: "https://issuer.company-a.example".to_owned(),
        audience: "https://api.company-b.example".to_owned(),
        algorithms: Algorithm::ALL.to_vec(),
        client: "order-service".to_owned(),
        scopes: vec!["shipments:read".to_owned(), "shipments:write".to_owned()],
        limited_client: Some("reader".to_owned()),
        required_scope: "shipments:read".to_owned(),
        leeway: 30,
        max_lifetime: Some(900),
        status_list: Some("https://issuer.company-a.example/status/1".to_owned()),
        foreign: Some(Foreign {
            issuer: "https://issuer.company-c.example".to_owned(),
            client: "stock-service".to_owned(),
        }),
    }
}

pub(crate) fn token_endpoint() -> Policy {
    Policy {
        limited_client: Some("shop".to_owned()),
        max_lifetime: Some(60),
        status_list: None,
        foreign: None,
        ..resource_server()
    }
}

pub(crate) fn world(face: Face, policy: Policy) -> World {
    World::generate(face, policy, "")
}
