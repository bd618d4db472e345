//! What a decision costs, against the raw signature check under it, in one run.
//!
//! Criterion measures each case for itself; the ratios at the end are measured in turns, so that a machine that gets
//! slower meanwhile spoils none of them. Targets: a new token at most 1.25 times the raw check, a repeated one at most
//! 1 µs, a refusal at most twice an acceptance.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and stops where it breaks")]

use bridge_jose::{Algorithm, VerificationKey};
use bridge_testkit::{Forge, TestIssuer};
use bridge_types::{Clock, SystemClock};
use bridge_validator::keys::KeyTiming;
use bridge_validator::{DocumentFetcher, KeySetup, RequiredScope, TrustPolicies, TrustPolicy, Validator};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const API: &str = "https://api.company-b.example";

struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

struct Bench {
    clock: Arc<SystemClock>,
    issuer: TestIssuer,
    validator: Validator,
    raw: VerificationKey,
}

impl Bench {
    fn new() -> Self {
        let issuer = TestIssuer::new("https://issuer.company-a.example", Algorithm::Es256);
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("keys.json"), issuer.jwks()).unwrap();
        let policy = format!(
            "issuer = \"{}\"\nkeys = {{ jwks_file = \"keys.json\" }}\naudience = \"{API}\"\n\
             [clients.order-service]\nscopes = [\"shipments:read\", \"shipments:write\"]\n",
            issuer.url
        );
        std::fs::write(directory.path().join("company-a.toml"), policy).unwrap();
        let clock = Arc::new(SystemClock::new());
        let no_network = |_: &TrustPolicy| -> Result<Arc<dyn DocumentFetcher>, String> { Err("none here".into()) };
        let setup = KeySetup {
            fetchers: Arc::new(no_network),
            clock: clock.clone(),
            timing: KeyTiming::default(),
            status: None,
        };
        let policies = Arc::new(TrustPolicies::load(directory.path(), setup).unwrap());
        let raw = VerificationKey::try_from(issuer.key.public()).unwrap();
        Self { validator: Validator::new(policies, clock.clone()), clock, issuer, raw }
    }

    /// A valid token that nobody has seen yet.
    fn token(&self) -> Forge {
        self.issuer.access_token("order-service", API, "shipments:read shipments:write", self.clock.now())
    }

    fn is_allowed(&self, token: &str) -> bool {
        self.validator.decide::<ShipmentsRead>(token).now_or_never().unwrap().is_ok()
    }

    /// The signature check alone: one call of aws-lc-rs with a prepared key.
    fn raw(&self, (message, signature): &(Vec<u8>, Vec<u8>)) {
        self.raw.verify_signature(message, signature).unwrap();
    }

    fn signed_bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let message = self.token().sign().rsplit_once('.').unwrap().0.as_bytes().to_vec();
        let signature = self.issuer.key.sign(&message).unwrap();
        (message, signature)
    }

    /// Mean time of a call, in nanoseconds.
    fn time<T>(&self, inputs: &[T], call: impl Fn(&T)) -> f64 {
        let started = self.clock.monotonic();
        inputs.iter().for_each(call);
        #[expect(clippy::cast_precision_loss, reason = "a count of inputs is small")]
        let count = inputs.len() as f64;
        self.clock.monotonic().saturating_sub(started).as_secs_f64() * 1e9 / count
    }
}

fn decide(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("decide");
    let fresh = || bench.token().sign();
    group.bench_function("raw ES256 check", |b| {
        b.iter_batched(|| bench.signed_bytes(), |signed| bench.raw(&signed), BatchSize::SmallInput);
    });
    group.bench_function("new token", |b| {
        b.iter_batched(fresh, |token| assert!(bench.is_allowed(&token)), BatchSize::SmallInput);
    });
    let repeated = fresh();
    group.bench_function("repeated token", |b| b.iter(|| assert!(bench.is_allowed(black_box(&repeated)))));
    for (name, token) in refused(&bench) {
        group.bench_function(format!("refused: {name}"), |b| b.iter(|| assert!(!bench.is_allowed(black_box(&token)))));
    }
    group.finish();
    ratios(&bench);
}

fn refused(bench: &Bench) -> [(&'static str, String); 6] {
    [
        ("not a JWS", "x".repeat(8192)),
        ("forbidden header member", bench.token().header("jwk", "x").sign()),
        ("unknown issuer", bench.token().claim("iss", "https://x.example").sign()),
        ("unknown key id", bench.token().header("kid", "x").sign()),
        ("wrong signature", bench.token().sign_then(|signature| signature[40] ^= 1)),
        ("another audience", bench.token().claim("aud", "https://x.example").sign()),
    ]
}

fn ratios(bench: &Bench) {
    const ROUNDS: usize = 300;
    let refused = refused(bench);
    let repeated: Vec<String> = vec![bench.token().sign(); 500];
    let (mut raw, mut new, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut refusals = vec![Vec::new(); refused.len()];
    for _ in 0..ROUNDS {
        let signed: Vec<_> = (0..10).map(|_| bench.signed_bytes()).collect();
        let tokens: Vec<String> = (0..10).map(|_| bench.token().sign()).collect();
        raw.push(bench.time(&signed, |signed| bench.raw(signed)));
        new.push(bench.time(&tokens, |token| assert!(bench.is_allowed(token))));
        again.push(bench.time(&repeated, |token| assert!(bench.is_allowed(token))));
        for ((_, token), times) in refused.iter().zip(&mut refusals) {
            times.push(bench.time(&[token; 10], |token| assert!(!bench.is_allowed(token))));
        }
    }
    let (raw, new, again) = (median(raw), median(new), median(again));
    println!(
        "ratio: new token / raw check       {:6.3}   (at most 1.25; {:.1} / {:.1} µs)",
        new / raw,
        new / 1e3,
        raw / 1e3
    );
    println!("ratio: repeated token / raw check  {:6.3}   (at most 1 µs; {:.3} µs)", again / raw, again / 1e3);
    for ((name, _), times) in refused.iter().zip(refusals) {
        let time = median(times);
        println!("ratio: refused / new token         {:6.3}   (at most 2; {name}, {:.1} µs)", time / new, time / 1e3);
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = decide
}
criterion_main!(benches);
