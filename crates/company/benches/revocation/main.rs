//! From the return of a revocation to the first refusal at the partner, under load: pushed, and by status lists alone.
//!
//! Two companies run in this process, without TLS and without a log. Every token is taken by the partner before it is
//! revoked. Targets: p99 at most 250 ms when pushed, `ttl` and one second at most when only pulled.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and a broken premise is a panic")]

#[path = "../http/application.rs"]
mod application;
mod pair;

use bridge_types::{Clock, SystemClock};
use pair::Pair;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// How many tokens are revoked in each part.
const PUSHED: usize = 1_200;
const PULLED: usize = 200;
/// How many revokers there are at the same time.
const REVOKERS: usize = 2;
/// How many callers load both companies meanwhile. The first one gets a new token for each call.
const CALLERS: usize = 4;
/// How long each of them waits between two calls: the load is a rate, and not whatever the machine can bear.
const PAUSE: Duration = Duration::from_millis(4);
/// How often whoever waits for a refusal looks, in each part.
const LOOK: Duration = Duration::from_millis(2);
const LOOK_FOR_PULLED: Duration = Duration::from_millis(50);
/// After how long a partner looks for lists in the part without pushing.
const TTL: Duration = Duration::from_secs(2);

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        pushed().await;
        pulled().await;
    });
}

async fn pushed() {
    let pair = Arc::new(Pair::start(true, Duration::from_mins(4)).await);
    let load = Load::start(&pair);
    let clock = SystemClock::new();
    let began = clock.monotonic();
    let mut revokers = JoinSet::new();
    for _ in 0..REVOKERS {
        let pair = Arc::clone(&pair);
        revokers.spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..PUSHED / REVOKERS {
                seen.push(revoke_and_wait(&pair, clock, LOOK).await);
            }
            seen
        });
    }
    let seen: Vec<Duration> = revokers.join_all().await.into_iter().flatten().collect();
    let took = clock.monotonic().saturating_sub(began);
    report("pushed", seen, took, load.stop().await);
    Arc::into_inner(pair).unwrap().stop().await;
}

async fn pulled() {
    let pair = Arc::new(Pair::start(false, TTL).await);
    let load = Load::start(&pair);
    let clock = SystemClock::new();
    let began = clock.monotonic();
    let mut revokers = JoinSet::new();
    for _ in 0..PULLED {
        let pair = Arc::clone(&pair);
        revokers.spawn(async move { revoke_and_wait(&pair, clock, LOOK_FOR_PULLED).await });
        // Spread over several rounds of fetching.
        tokio::time::sleep(TTL.mul_f64(5.0 / 200.0)).await;
    }
    let seen = revokers.join_all().await;
    let took = clock.monotonic().saturating_sub(began);
    report("pulled only, ttl 2 s", seen, took, load.stop().await);
    Arc::into_inner(pair).unwrap().stop().await;
}

async fn revoke_and_wait(pair: &Pair, clock: SystemClock, look: Duration) -> Duration {
    let token = pair.token().await;
    while pair.call(&token).await != 200 {
        tokio::time::sleep(look).await;
    }
    pair.revoke(&token).await;
    let revoked = clock.monotonic();
    while pair.call(&token).await != 401 {
        tokio::time::sleep(look).await;
    }
    clock.monotonic().saturating_sub(revoked)
}

/// Clients of both companies that have nothing to do with what is revoked.
struct Load {
    over: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    tasks: JoinSet<()>,
}

impl Load {
    fn start(pair: &Arc<Pair>) -> Self {
        let (over, calls) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let mut tasks = JoinSet::new();
        for number in 0..CALLERS {
            let (pair, over, calls) = (Arc::clone(pair), Arc::clone(&over), Arc::clone(&calls));
            tasks.spawn(async move {
                let mut token = pair.token().await;
                while !over.load(Ordering::Relaxed) {
                    if number == 0 {
                        token = pair.token().await;
                    }
                    assert_eq!(pair.call(&token).await, 200, "a token that nobody revoked");
                    calls.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Self { over, calls, tasks }
    }

    async fn stop(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.tasks.join_all().await;
        self.calls.load(Ordering::Relaxed)
    }
}

fn report(what: &str, mut seen: Vec<Duration>, took: Duration, calls: u64) {
    seen.sort_unstable();
    let at = |per_mille: usize| seen[(seen.len() * per_mille / 1000).min(seen.len() - 1)];
    println!(
        "{what}: {} revocations in {took:.1?} beside {calls} other calls; seen after {:.1?} (median), {:.1?} (p99), \
         {:.1?} (longest)",
        seen.len(),
        at(500),
        at(990),
        at(1000),
    );
}
