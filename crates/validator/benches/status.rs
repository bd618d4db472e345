//! What the check for revocation costs: on a token that was seen before, and for a whole list.
//!
//! The same repeated token is decided on with and without a status list, in turns, so that a machine that gets slower
//! meanwhile spoils nothing. Targets: at most 50 ns more, and at most 20 ms for opening a list of a million tokens.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and stops where it breaks")]

use async_trait::async_trait;
use bridge_jose::{Algorithm, EncodedStatusList, StatusList};
use bridge_testkit::TestIssuer;
use bridge_types::{Clock, SystemClock};
use bridge_validator::keys::{Document, FetchError, Fetched, KeyTiming, Wanted};
use bridge_validator::{DocumentFetcher, KeySetup, RequiredScope, TrustPolicies, TrustPolicy, Validator};
use futures_util::FutureExt;
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const API: &str = "https://api.company-b.example";
const ISSUER: &str = "https://issuer.company-a.example";
const LIST: &str = "https://issuer.company-a.example/status-lists/1";
const ROUNDS: usize = 400;
const REPEATS: usize = 500;
/// What the issuer makes lists of: 2^20 indices.
const LIST_BYTES: usize = 1 << 17;

struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

/// Answers every request with one list.
#[derive(Debug)]
struct OneList(String);

#[async_trait]
impl DocumentFetcher for OneList {
    async fn fetch(&self, _: Wanted<'_>) -> Result<Fetched, FetchError> {
        let body = self.0.clone().into_bytes();
        Ok(Fetched::Document(Document { body, etag: None, max_age: None, date: None }))
    }
}

fn validator(issuer: &TestIssuer, clock: &Arc<SystemClock>, hosts: &str) -> Validator {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("keys.json"), issuer.jwks()).unwrap();
    let policy = format!(
        "issuer = \"{ISSUER}\"\nkeys = {{ jwks_file = \"keys.json\" }}\naudience = \"{API}\"\n\
         status_list_hosts = [{hosts}]\n[clients.order-service]\nscopes = [\"shipments:read\"]\n",
    );
    std::fs::write(directory.path().join("company-a.toml"), policy).unwrap();
    let list = issuer.status_list(LIST, &[9], clock.now()).sign();
    let fetchers = move |_: &TrustPolicy| Ok(Arc::new(OneList(list.clone())) as Arc<dyn DocumentFetcher>);
    let setup =
        KeySetup { fetchers: Arc::new(fetchers), clock: clock.clone(), timing: KeyTiming::default(), status: None };
    Validator::new(Arc::new(TrustPolicies::load(directory.path(), setup).unwrap()), clock.clone())
}

fn is_allowed(validator: &Validator, token: &str) -> bool {
    validator.decide::<ShipmentsRead>(token).now_or_never().unwrap().is_ok()
}

/// Mean time of a decision in nanoseconds.
fn time(clock: &SystemClock, validator: &Validator, token: &str) -> f64 {
    let started = clock.monotonic();
    for _ in 0..REPEATS {
        assert!(is_allowed(validator, black_box(token)));
    }
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let repeats = REPEATS as f64;
    clock.monotonic().saturating_sub(started).as_secs_f64() * 1e9 / repeats
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn repeated_token(runtime: &tokio::runtime::Runtime) {
    let clock = Arc::new(SystemClock::new());
    let issuer = TestIssuer::new(ISSUER, Algorithm::Es256);
    let token = |jti: &str| {
        issuer.access_token("order-service", API, "shipments:read", clock.now()).claim("jti", "j".repeat(36) + jti)
    };
    let plain = (validator(&issuer, &clock, ""), token("a").sign());
    let status = json!({"status_list": {"idx": 7, "uri": LIST}});
    let listed =
        (validator(&issuer, &clock, "\"issuer.company-a.example\""), token("b").claim("status", status).sign());
    runtime.block_on(async {
        // The first look sends for the list.
        while listed.0.decide::<ShipmentsRead>(&listed.1).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let (mut without, mut with, mut longer) = (Vec::new(), Vec::new(), Vec::new());
    // A token with a status is longer, and hashing it takes its time whether anything is looked up or not.
    let padding = listed.1.len().saturating_sub(plain.1.len());
    let padded = token("c").claim("x", "p".repeat(padding * 3 / 4)).sign();
    for _ in 0..ROUNDS {
        without.push(time(&clock, &plain.0, &plain.1));
        with.push(time(&clock, &listed.0, &listed.1));
        longer.push(time(&clock, &plain.0, &padded));
    }
    let (without, with, longer) = (median(without), median(with), median(longer));
    println!("repeated token, no status       {without:7.1} ns");
    println!("repeated token, status list     {with:7.1} ns   ratio {:.3}", with / without);
    println!("repeated token, as long, none   {longer:7.1} ns   ratio {:.3}", longer / without);
    println!("the check itself                {:7.1} ns   (at most 50)", with - longer);
}

/// A list as large as the issuer makes them (a million tokens and a little), with this share of tokens revoked.
fn whole_list(per_cent: u64) {
    let clock = SystemClock::new();
    // The numbers of SplitMix64: bits in a pattern would be packed into next to nothing, and opened as fast.
    let mut state = 0_u64;
    let mut random = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut byte = || (0..8).fold(0, |byte, bit| byte | (u8::from(random() % 100 < per_cent) << bit));
    let bits: Vec<u8> = (0..LIST_BYTES).map(|_| byte()).collect();
    let encoded = EncodedStatusList::of_bits(&bits);
    let mut times = Vec::new();
    for _ in 0..50 {
        let started = clock.monotonic();
        black_box(StatusList::open(black_box(&encoded), LIST_BYTES).unwrap());
        times.push(clock.monotonic().saturating_sub(started).as_secs_f64() * 1e3);
    }
    let (held, sent) = (StatusList::open(&encoded, LIST_BYTES).unwrap().as_bytes().len(), encoded.lst.len());
    println!(
        "opening a list of {} tokens, {per_cent:2} % revoked: {:.2} ms (at most 20); {held} bytes held, {sent} sent",
        LIST_BYTES * 8,
        median(times)
    );
    let lists = 10_000_000_usize.div_ceil(LIST_BYTES * 8);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let held = (lists * held) as f64 / f64::from(1 << 20);
    println!("10 million tokens: {lists} lists, {held:.2} MiB held (at most 2)");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    repeated_token(&runtime);
    whole_list(1);
    whole_list(50);
}
