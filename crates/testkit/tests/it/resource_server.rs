//! Every case of the corpus against Bridge's own gate: policy files, keys, validator, challenge and problem.

use crate::{answer::answer, network::Network, settings};
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::{App, HttpResponse, test};
use bridge_jose::Algorithm;
use bridge_testkit::ManualClock;
use bridge_testkit::attacks::{Case, Face, Fault, Request, Strictness, World, Yardstick, judge, resource_server};
use bridge_types::Clock;
use bridge_validator::{
    Authorized, DocumentFetcher, Gate, GuardedRoutes, KeySetup, KeyTiming, Rate, RequestLimits, RequiredScope,
    TrustPolicies, TrustPolicy, Validator,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

async fn shipments(_: Authorized<ShipmentsRead>) -> HttpResponse {
    HttpResponse::Ok().body("shipments")
}

/// The policy files of a company that trusts what the forger's policy says.
fn write_policies(directory: &Path, world: &World) {
    let policy = &world.policy;
    let foreign = policy.foreign.as_ref().unwrap();
    let algorithms: Vec<String> = policy.algorithms.iter().map(|algorithm| format!("\"{algorithm}\"")).collect();
    let file = |name: &str, issuer: &str, clients: &str, jwks: String| {
        let text = format!(
            "issuer = \"{issuer}\"\naudience = \"{}\"\nalgorithms = [{}]\nmax_token_lifetime = \"15m\"\n\
             keys = {{ jwks_file = \"{name}.jwks.json\" }}\n{clients}",
            policy.audience,
            algorithms.join(", "),
        );
        std::fs::write(directory.join(format!("{name}.toml")), text).unwrap();
        std::fs::write(directory.join(format!("{name}.jwks.json")), jwks).unwrap();
    };
    let clients = "[clients.order-service]\nscopes = [\"shipments:read\", \"shipments:write\"]\n\
                   [clients.reader]\nscopes = [\"shipments:write\"]\n";
    let clients = format!("status_list_hosts = [\"issuer.company-a.example\"]\n{clients}");
    file("company-a", &policy.issuer, &clients, world.jwks());
    let clients = format!("[clients.{}]\nscopes = [\"shipments:read\"]\n", foreign.client);
    file("company-c", &foreign.issuer, &clients, world.foreign_jwks());
}

fn validator(world: &World, clock: &Arc<ManualClock>) -> Validator {
    let directory = tempfile::tempdir().unwrap();
    write_policies(directory.path(), world);
    // Keys are pinned, so the status list is all that is fetched.
    let lists = world.policy.status_list.clone().zip(world.status_list(clock.now()));
    let network = Arc::new(Network(lists.into_iter().collect()));
    let fetchers = move |_: &TrustPolicy| Ok(Arc::clone(&network) as Arc<dyn DocumentFetcher>);
    let setup =
        KeySetup { fetchers: Arc::new(fetchers), clock: clock.clone(), timing: KeyTiming::default(), status: None };
    Validator::new(Arc::new(TrustPolicies::load(directory.path(), setup).unwrap()), clock.clone())
}

fn call(request: &Request) -> TestRequest {
    let query = request.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let mut call = TestRequest::get().uri(&format!("/shipments{query}"));
    for (name, value) in request.header_lines() {
        call = call.append_header((name, value.into_bytes()));
    }
    match &request.body {
        Some(body) => call.append_header(("content-type", body.content_type.clone())).set_payload(body.text.clone()),
        None => call,
    }
}

/// What is wrong with the answers to these cases, one line each.
async fn faults(world: &World, cases: &[Case]) -> Vec<String> {
    let clock = Arc::new(ManualClock::default());
    // The corpus comes from one address at once.
    let most = Rate::per_second(1_000_000);
    let limits = RequestLimits { requests_per_client: most, refusals_per_address: most, ..RequestLimits::default() };
    let gate = Gate::new(validator(world, &clock), &world.policy.audience.parse().unwrap()).with_limits(limits);
    let routes = GuardedRoutes::new().get("/shipments", shipments);
    let app = test::init_service(App::new().service(gate.routes("", routes))).await;
    let baseline = answer(test::call_service(&app, call(&Request::default()).to_request()).await).await;
    let plain = cases.iter().find(|case| case.id().ends_with("/accepted/plain")).unwrap().forge(world, clock.now());
    // The first token sends for the status list, and a later one finds it.
    while test::call_service(&app, call(&plain).to_request()).await.status() == StatusCode::SERVICE_UNAVAILABLE {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let required_scope = world.policy.required_scope.clone();
    let yardstick = Yardstick { strictness: Strictness::Bridge, required_scope, baseline };
    let mut wrong = Vec::new();
    for case in cases {
        let request = case.forge(world, clock.now());
        let answer = answer(test::call_service(&app, call(&request).to_request()).await).await;
        let found: Vec<Fault> = judge(case, &request, &answer, &yardstick);
        wrong.extend(found.iter().map(|fault| format!("{}: {fault}  ({})", case.id(), case.title())));
    }
    wrong
}

#[actix_web::test]
async fn every_case_is_decided_as_the_corpus_says() {
    let world = settings::world(Face::ResourceServer, settings::resource_server());
    let mut wrong = Vec::new();
    for algorithm in Algorithm::ALL {
        wrong.extend(faults(&world, &resource_server::cases(&world.policy, algorithm)).await);
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}
