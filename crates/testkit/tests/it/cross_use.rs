//! Every kind of token at every place that takes one: only the diagonal passes (RFC 8725 §3.11, §3.12).

use crate::network::Network;
use crate::settings;
use bridge_issuer::{PeerAddress, TokenRequest};
use bridge_jose::Algorithm;
use bridge_testkit::attacks::{Face, Kind, Policy, World};
use bridge_testkit::{Forge, ManualClock};
use bridge_types::Clock;
use bridge_validator::{DocumentFetcher, KeySetup, KeyTiming, RequiredScope, TrustPolicies, TrustPolicy, Validator};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// A place that takes tokens, all of them signed by the same issuer, whose clients use its keys here: nothing but the
/// token itself tells one kind from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Api,
    TokenEndpoint,
    StatusList,
    EventReceiver,
}

impl Place {
    const ALL: [Self; 4] = [Self::Api, Self::TokenEndpoint, Self::StatusList, Self::EventReceiver];

    /// What belongs there.
    fn kind(self) -> Kind {
        match self {
            Self::Api => Kind::AccessToken,
            Self::TokenEndpoint => Kind::ClientAssertion,
            Self::StatusList => Kind::StatusList,
            Self::EventReceiver => Kind::SecurityEvent,
        }
    }

    /// True when the place takes the token.
    async fn takes(self, world: &World, token: &Forge) -> bool {
        match self {
            Self::Api => api(world, None).decide::<ShipmentsRead>(&token.sign()).await.is_ok(),
            Self::TokenEndpoint => token_endpoint(world, &token.sign()).await,
            Self::StatusList => {
                let referring = access_token(world).claim("status", json!({"status_list": {"idx": 1, "uri": list()}}));
                let api = api(world, Some(token.sign()));
                // The first token sends for the list, and the next finds it.
                for _ in 0..50 {
                    if api.decide::<ShipmentsRead>(&referring.sign()).await.is_ok() {
                        return true;
                    }
                    tokio::task::yield_now().await;
                }
                false
            }
            Self::EventReceiver => {
                let partner = api(world, None).policies().of(&world.policy.issuer).unwrap();
                partner.receive_event(&token.sign(), ManualClock::default().now()).await.is_ok()
            }
        }
    }
}

struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

fn list() -> String {
    format!("{}/status/1", settings::resource_server().issuer)
}

fn world() -> World {
    let policy = Policy { algorithms: vec![Algorithm::Es256], status_list: None, ..settings::resource_server() };
    World::generate(Face::ResourceServer, policy, "")
}

fn forge(world: &World, kind: Kind) -> Forge {
    kind.forge(&world.stage(Algorithm::Es256, kind.name(), ManualClock::default().now()))
}

fn access_token(world: &World) -> Forge {
    forge(world, Kind::AccessToken)
}

/// An API that trusts the issuer. With a list it takes no token that refers to none.
fn api(world: &World, status_list: Option<String>) -> Validator {
    let policy = &world.policy;
    let directory = tempfile::tempdir().unwrap();
    let lists = if status_list.is_some() { "status_list_hosts = [\"issuer.company-a.example\"]\n" } else { "" };
    let file = format!(
        "issuer = \"{}\"\naudience = \"{}\"\n{lists}[clients.{}]\nscopes = [\"shipments:read\"]\n",
        policy.issuer, policy.audience, policy.client
    );
    std::fs::write(directory.path().join("company-a.toml"), file).unwrap();
    let (keys, metadata) = (format!("{}/jwks", policy.issuer), "/.well-known/oauth-authorization-server");
    let mut documents = HashMap::from([
        (format!("{}{metadata}", policy.issuer), json!({"issuer": policy.issuer, "jwks_uri": keys}).to_string()),
        (keys, world.jwks()),
    ]);
    documents.extend(status_list.map(|list_token| (list(), list_token)));
    let network = Arc::new(Network(documents));
    let fetchers = move |_: &TrustPolicy| Ok(Arc::clone(&network) as Arc<dyn DocumentFetcher>);
    let clock = Arc::new(ManualClock::default());
    let setup =
        KeySetup { fetchers: Arc::new(fetchers), clock: clock.clone(), timing: KeyTiming::default(), status: None };
    Validator::new(Arc::new(TrustPolicies::load(directory.path(), setup).unwrap()), clock)
}

async fn token_endpoint(world: &World, assertion: &str) -> bool {
    let clock = Arc::new(ManualClock::default());
    let world =
        World { policy: Policy { limited_client: Some("other".to_owned()), ..world.policy.clone() }, ..world.clone() };
    let issuer = crate::token_endpoint::issuer(&world, &clock).await;
    let form = format!(
        "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer\
         &client_assertion={assertion}&resource={}&scope=shipments:read",
        world.policy.audience
    );
    let peer = PeerAddress::UNKNOWN;
    issuer.token(TokenRequest { form: form.as_bytes(), authorization_header: false, peer }).await.is_ok()
}

#[tokio::test]
async fn only_what_belongs_there_is_taken() {
    let world = world();
    for place in Place::ALL {
        for kind in Kind::ALL {
            let taken = place.takes(&world, &forge(&world, kind)).await;
            assert_eq!(taken, kind == place.kind(), "{} at {place:?}", kind.title());
        }
    }
}

/// An issuer that signs a token of one kind with the type of another has made a mistake, and nobody shall gain by it.
#[tokio::test]
async fn a_token_that_is_labelled_as_another_kind_is_still_not_one() {
    let world = world();
    for place in Place::ALL {
        for label in [Some(place.kind().typ()), Some("JWT"), None] {
            for kind in Kind::ALL.into_iter().filter(|kind| *kind != place.kind()) {
                let token = forge(&world, kind);
                let token =
                    label.map_or_else(|| token.clone().without_header("typ"), |typ| token.clone().header("typ", typ));
                let accepted = place.takes(&world, &token).await;
                assert!(!accepted, "{} labelled {label:?} at {place:?}", kind.title());
            }
        }
    }
}
