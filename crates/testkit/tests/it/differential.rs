//! Bridge and joserfc decide about the same tokens. Where they differ, a class of `docs/differential.md` must explain it.

mod mutants;

use crate::settings;
use bridge_jose::{Algorithm, Typ};
use bridge_testkit::attacks::{Ring, vectors};
use bridge_testkit::{Forge, Joserfc, ManualClock};
use bridge_types::Clock;
use bridge_validator::{DocumentFetcher, KeySetup, KeyTiming, RequiredScope, TrustPolicies, TrustPolicy, Validator};
use fastrand::Rng;
use mutants::mutant;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many random tokens of each algorithm.
const MUTANTS: usize = 2500;

/// The same every time: what a run finds, every run finds.
const SEED: u64 = 2026;

fn repository(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

fn vectors_of(algorithm: Algorithm) -> Value {
    let file = format!("scenarios/attacks/resource-server.{}.json", algorithm.as_str().to_ascii_lowercase());
    serde_json::from_str(&std::fs::read_to_string(repository(&file)).unwrap()).unwrap()
}

struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

/// Bridge, told what the vectors say.
fn validator(head: &Value) -> Validator {
    let directory = tempfile::tempdir().unwrap();
    for (index, partner) in head["partners"].as_array().unwrap().iter().enumerate() {
        let clients = partner["clients"].as_object().unwrap().iter();
        let clients = clients.map(|(client, scopes)| format!("[clients.{client}]\nscopes = {scopes}\n"));
        let policy = format!(
            "issuer = {}\naudience = {}\nalgorithms = {}\nmax_token_lifetime = \"{}s\"\nkeys = {{ jwks_file = \"{index}.json\" }}\n{}",
            partner["issuer"],
            partner["audience"],
            partner["algorithms"],
            partner["max_token_lifetime"],
            clients.collect::<String>(),
        );
        std::fs::write(directory.path().join(format!("partner-{index}.toml")), policy).unwrap();
        std::fs::write(directory.path().join(format!("{index}.json")), partner["jwks"].to_string()).unwrap();
    }
    let none = |_: &TrustPolicy| -> Result<Arc<dyn DocumentFetcher>, String> { Err("keys are pinned".into()) };
    let clock = Arc::new(ManualClock::default());
    let setup = KeySetup { fetchers: Arc::new(none), clock: clock.clone(), timing: KeyTiming::default(), status: None };
    Validator::remembering(0, Arc::new(TrustPolicies::load(directory.path(), setup).unwrap()), clock)
}

/// The head of the vectors with random cases in the place of the written ones, and what Bridge decides about each.
async fn random_cases(algorithm: Algorithm) -> Value {
    let mut file = vectors_of(algorithm);
    let validator = validator(&file);
    let keys =
        serde_json::from_str(&std::fs::read_to_string(repository("scenarios/attacks/keys.json")).unwrap()).unwrap();
    let Ring { current, foreign, .. } = vectors::ring(&keys, algorithm);
    let now = ManualClock::default().now().as_second();
    let policy = settings::resource_server();
    let claims = json!({"iss": policy.issuer, "sub": policy.client, "client_id": policy.client, "aud": policy.audience,
        "scope": "shipments:read", "iat": now, "exp": now + 300, "jti": "j"});
    let valid = Forge::new(&current, Typ::AccessToken, claims);
    let mut rng = Rng::with_seed(SEED + algorithm as u64);
    let mut cases = Vec::with_capacity(MUTANTS);
    for number in 0..MUTANTS {
        let token = mutant(&mut rng, &valid, &foreign);
        let decision = if validator.decide::<ShipmentsRead>(&token).await.is_ok() { "allow" } else { "deny" };
        cases.push(
            json!({"id": format!("random/{number}"), "request": {"bearer": token}, "expect": {"decision": decision}}),
        );
    }
    // Nothing is fetched here, so this Bridge was told of no list.
    file["partners"].as_array_mut().unwrap().iter_mut().for_each(|partner| partner["status_lists"] = json!({}));
    file["cases"] = cases.into();
    file
}

#[tokio::test]
async fn every_difference_from_joserfc_is_explained() {
    let Some(joserfc) = Joserfc::find() else { return };
    let mut files = Vec::new();
    for algorithm in Algorithm::ALL {
        files.extend([vectors_of(algorithm), random_cases(algorithm).await]);
    }
    let allowed =
        |file: &&Value| file["cases"].as_array().unwrap().iter().any(|case| case["expect"]["decision"] == "allow");
    assert!(files.iter().all(|file| allowed(&file)), "a verifier that refuses everything would pass");
    let (script, list) = (repository("scenarios/attacks/differential.py"), repository("docs/differential.md"));
    let printed = joserfc.run(script.to_str().unwrap(), &[list.to_str().unwrap()], &Value::from(files).to_string());
    println!("{}", printed.unwrap_or_else(|printed| panic!("{printed}")));
}
