//! What a token costs without HTTP, against the two signature operations that no issuer can do without.
//!
//! `cargo bench -p bridge-issuer` measures both with criterion and then once more in alternation, which gives the ratio
//! of one run, whatever else the machine is doing. The target is 1.3.
#![expect(clippy::unwrap_used, reason = "in a benchmark, a broken premise is a panic")]

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use bridge_issuer::{
    AccessList, Claims, Client, Clients, EmbeddedKeys, Issuer, IssuerConfig, IssuerStore, IssuerStores, KeyRing,
    KeysInMemory, Revisions, StoreFailure, TokenLimits, TokenRequest, UsedAssertion,
};
use bridge_jose::{Algorithm, KeySet, SigningKey};
use bridge_limits::{PeerAddress, Rate};
use bridge_testkit::Forge;
use bridge_types::{Clock, SystemClock};
use criterion::{BatchSize, Criterion};
use jiff::Timestamp;
use std::collections::HashSet;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

const ISSUER: &str = "https://issuer.company-a.example:8441";
const AUDIENCE: &str = "https://api.company-b.example:8452";
const CLIENT: &str = "order-service";
const ROUNDS: usize = 4000;

fn main() {
    let bench = Bench::new();
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("raw verify + sign", |b| {
        b.iter(|| bench.raw.verify_and_sign());
    });
    criterion.bench_function("issue a token", |b| {
        b.iter_batched(|| bench.form(), |form| bench.issue(&form), BatchSize::SmallInput);
    });
    criterion.final_summary();
    bench.print_ratio();
}

struct Bench {
    runtime: Runtime,
    clock: Arc<SystemClock>,
    key: SigningKey,
    issuer: Arc<Issuer>,
    raw: Raw,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (clock, store) = (Arc::new(SystemClock::new()), Arc::new(MemoryStore::default()));
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let access = AccessList::new([(AUDIENCE.parse().unwrap(), "shipments:read shipments:write".parse().unwrap())]);
        let client = Client::new(CLIENT.parse().unwrap(), KeySet::from_jwks([key.public()]).unwrap(), access.unwrap());
        let config = IssuerConfig::new(ISSUER.parse().unwrap(), Algorithm::Es256, IssuerConfig::DEFAULT_LIFETIME);
        // Its one client asks for more than any client gets; the limiter is asked all the same.
        let limits = TokenLimits { tokens_per_client: Rate::per_second(1_000_000), ..TokenLimits::default() };
        let ring = KeyRing::open(Arc::new(KeysInMemory::default()), Arc::new(EmbeddedKeys::default()), clock.clone());
        let ring = runtime.block_on(ring).unwrap();
        let (config, clients) = (config.unwrap().with_limits(limits), Clients::new([client]).unwrap());
        let start = Issuer::start(config, IssuerStores::with_status_in_memory(store), ring, clients, clock.clone());
        let issuer = runtime.block_on(start).unwrap();
        Self { runtime, clock, key, issuer, raw: Raw::new() }
    }

    /// A request with an assertion that was not used before.
    fn form(&self) -> String {
        let assertion = Forge::assertion(&self.key, CLIENT, ISSUER, self.clock.now()).sign();
        format!(
            "grant_type=client_credentials&scope=shipments%3Aread+shipments%3Awrite\
             &resource=https%3A%2F%2Fapi.company-b.example%3A8452\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion={assertion}"
        )
    }

    fn issue(&self, form: &str) {
        let request = TokenRequest { form: form.as_bytes(), authorization_header: false, peer: PeerAddress::UNKNOWN };
        black_box(self.runtime.block_on(self.issuer.token(request)).unwrap());
    }

    fn timed(&self, work: impl FnOnce()) -> Duration {
        let start = self.clock.monotonic();
        work();
        self.clock.monotonic().saturating_sub(start)
    }

    #[expect(clippy::print_stdout, reason = "the ratio is what the benchmark is for")]
    fn print_ratio(&self) {
        let (mut raw, mut issue) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
        for _ in 0..ROUNDS {
            let form = self.form();
            raw.push(self.timed(|| self.raw.verify_and_sign()));
            issue.push(self.timed(|| self.issue(&form)));
        }
        let (raw, issue) = (median(raw), median(issue));
        let ratio = issue.as_secs_f64() / raw.as_secs_f64();
        println!(
            "medians of {ROUNDS} rounds in alternation: raw {raw:?}, issue {issue:?}, ratio {ratio:.3} (target 1.3)"
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The least that issuing takes: one ES256 verification and one signature over messages of the usual size.
struct Raw {
    pair: EcdsaKeyPair,
    public: ParsedPublicKey,
    random: SystemRandom,
    assertion: Vec<u8>,
    signature: Vec<u8>,
    token: Vec<u8>,
}

impl Raw {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()).unwrap();
        let assertion = vec![b'a'; 420];
        let signature = pair.sign(&random, &assertion).unwrap().as_ref().to_vec();
        Self { pair, public, random, assertion, signature, token: vec![b't'; 560] }
    }

    fn verify_and_sign(&self) {
        self.public.verify_sig(black_box(&self.assertion), &self.signature).unwrap();
        black_box(self.pair.sign(&self.random, black_box(&self.token)).unwrap());
    }
}

/// A store that keeps everything in memory, so that the issuer is measured and not a disk.
#[derive(Default)]
struct MemoryStore(Mutex<HashSet<UsedAssertion>>);

#[async_trait]
impl IssuerStore for MemoryStore {
    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Claims, StoreFailure> {
        let mut used = self.0.lock().unwrap();
        let new = batch.iter().map(|one| used.insert(one.clone())).collect();
        Ok(Claims { new, revisions: Revisions::default() })
    }

    async fn purge_assertions(&self, _: Timestamp) -> Result<u64, StoreFailure> {
        Ok(0)
    }
}
