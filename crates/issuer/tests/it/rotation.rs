//! How one key follows another: in order, on time, over kills, and once among several processes.

use crate::support::{FakeStore, World, ring};
use async_trait::async_trait;
use bridge_issuer::{
    EmbeddedKeys, KeyBackend, KeyPurpose, KeyRecord, KeyRing, KeyRingError, KeyState, KeyStore, Knowledge,
    PartnerEvidence, Replacement, Rotation, Step, Witness,
};
use bridge_jose::{Algorithm, KeySet, PublicJwk, UnverifiedToken};
use bridge_testkit::ManualClock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TOKENS: KeyPurpose = KeyPurpose::AccessTokens;
const DAY: Duration = Duration::from_hours(24);
/// Until a token that was just made has expired at everybody's.
const LINGERS: Duration = Duration::from_secs(15 * 60 + 90);

/// Partners that say what a test lets them say.
struct Partners {
    says: Mutex<Vec<Knowledge>>,
    asked: AtomicUsize,
}

impl Partners {
    fn new(says: &[Knowledge]) -> Arc<Self> {
        Arc::new(Self { says: Mutex::new(says.to_vec()), asked: AtomicUsize::new(0) })
    }

    fn say(&self, says: &[Knowledge]) {
        *self.says.lock().unwrap() = says.to_vec();
    }
}

#[async_trait]
impl PartnerEvidence for Partners {
    async fn ask(&self, _: &PublicJwk) -> Vec<Witness> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let says = self.says.lock().unwrap().clone();
        let witness = |(index, says)| Witness { partner: format!("company-{index}"), says };
        says.into_iter().enumerate().map(witness).collect()
    }
}

/// One process of a company: its ring and what moves it.
struct Process {
    ring: Arc<KeyRing>,
    rotation: Rotation,
}

impl Process {
    async fn start(store: &Arc<FakeStore>, clock: &Arc<ManualClock>, partners: &Arc<Partners>) -> Self {
        let ring = ring(store, clock).await;
        let rotation = Rotation::new(ring.clone(), partners.clone(), Some(DAY * 30), clock.clone());
        Self { ring, rotation }
    }

    async fn advance(&self) {
        self.ring.catch_up().await.unwrap();
        self.rotation.advance().await.unwrap();
    }

    fn states(&self) -> Vec<KeyState> {
        self.ring.snapshot().of_purpose(&TOKENS).map(|key| key.state).collect()
    }

    fn active(&self) -> KeyRecord {
        self.ring.snapshot().active(&TOKENS).unwrap().clone()
    }

    async fn request(&self) {
        let (of, algorithm) = (self.active().kid().clone(), self.active().algorithm());
        self.ring.change(&TOKENS, vec![Step::Request { of, algorithm }]).await.unwrap();
    }
}

/// A store, a clock, partners, and one process with a first key.
async fn company(says: &[Knowledge]) -> (Arc<FakeStore>, Arc<ManualClock>, Arc<Partners>, Process) {
    let (store, clock, partners) = (Arc::new(FakeStore::default()), Arc::default(), Partners::new(says));
    let process = Process::start(&store, &clock, &partners).await;
    process.ring.ensure(&TOKENS, Algorithm::Es256).await.unwrap();
    (store, clock, partners, process)
}

use KeyState::{Active, Prepared, Retired, Tainted};

#[tokio::test]
async fn a_key_is_replaced_after_its_period_and_not_before() {
    let (_, clock, _, process) = company(&[Knowledge::Holds]).await;
    clock.advance(DAY * 29 + Duration::from_secs(24 * 3600 - 1));
    process.advance().await;
    assert_eq!(process.states(), [Active]);
    let first = process.active();
    clock.advance(Duration::from_secs(1));
    process.advance().await;
    assert_eq!(process.states(), [Retired, Active]);
    assert_ne!(process.active().kid(), first.kid());
    clock.advance(Duration::from_secs(15 * 60 + 89));
    process.advance().await;
    assert_eq!(process.states(), [Retired, Active], "a token of the retired key may be alive");
    clock.advance(Duration::from_secs(1));
    process.advance().await;
    assert_eq!(process.states(), [Active]);
}

#[tokio::test]
async fn the_next_key_is_published_and_signs_nothing_until_every_partner_holds_it() {
    let (_, clock, partners, process) = company(&[Knowledge::Holds, Knowledge::Lacks]).await;
    let first = process.active();
    process.request().await;
    for _ in 0..10 {
        process.advance().await;
        assert_eq!(process.states(), [Active, Prepared]);
        assert_eq!(process.active().kid(), first.kid());
        assert_eq!(process.ring.snapshot().published().count(), 2);
        clock.advance(Duration::from_secs(15));
    }
    let waiting = process.rotation.waiting();
    assert_eq!((waiting.len(), waiting[0].witnesses[1].says.clone()), (1, Knowledge::Lacks));
    partners.say(&[Knowledge::Holds, Knowledge::Holds]);
    process.advance().await;
    assert_eq!(process.states(), [Retired, Active]);
    assert!(process.rotation.waiting().is_empty());
}

#[tokio::test]
async fn without_evidence_the_time_counts_for_which_old_keys_may_be_kept() {
    for says in [Knowledge::Lacks, Knowledge::Unknown("no mirror".to_owned())] {
        let (_, clock, _, process) = company(&[Knowledge::Holds, says]).await;
        process.request().await;
        process.advance().await;
        clock.advance(Duration::from_secs(359));
        process.advance().await;
        assert_eq!(process.states(), [Active, Prepared]);
        clock.advance(Duration::from_secs(1));
        process.advance().await;
        assert_eq!(process.states(), [Retired, Active]);
    }
}

#[tokio::test]
async fn the_time_in_which_nobody_published_does_not_count() {
    let (store, clock, partners, process) = company(&[Knowledge::Lacks]).await;
    process.request().await;
    process.advance().await;
    drop(process);
    clock.advance(Duration::from_hours(5));
    let process = Process::start(&store, &clock, &partners).await;
    process.advance().await;
    assert_eq!(process.states(), [Active, Prepared]);
    clock.advance(Duration::from_mins(6));
    process.advance().await;
    assert_eq!(process.states(), [Retired, Active]);
}

#[tokio::test]
async fn a_key_that_a_partner_would_refuse_is_never_used_however_long_it_is_silent_afterwards() {
    let refuses = Knowledge::Refuses("EdDSA".to_owned());
    let (_, clock, partners, process) = company(&[refuses]).await;
    process.ring.ensure(&TOKENS, Algorithm::EdDsa).await.unwrap();
    process.advance().await;
    partners.say(&[Knowledge::Unknown("down".to_owned())]);
    for _ in 0..10 {
        clock.advance(Duration::from_hours(1));
        process.advance().await;
        assert_eq!(process.states(), [Active, Prepared]);
    }
    assert_eq!(process.rotation.waiting()[0].active_in_seconds, None);
    process.ring.ensure(&TOKENS, Algorithm::Es256).await.unwrap();
    process.advance().await;
    assert_eq!((process.states(), process.active().request), (vec![Active], None), "the operator took it back");
}

#[tokio::test]
async fn another_algorithm_takes_over_and_the_old_keys_tokens_stay_good() {
    let mut world = World::new().await;
    let partners = Partners::new(&[Knowledge::Holds]);
    let before = world.present(&world.assertion().sign()).await.unwrap();
    world.issuer.ring().ensure(&TOKENS, Algorithm::EdDsa).await.unwrap();
    let rotation = Rotation::new(world.issuer.ring().clone(), partners, None, world.clock.clone());
    rotation.advance().await.unwrap();
    let after = world.present(&world.assertion().sign()).await.unwrap();
    let keys = world.issuer.ring().snapshot();
    let set = KeySet::from_jwks(keys.published().map(|key| &key.public)).unwrap();
    for (token, algorithm) in [(before, Algorithm::Es256), (after, Algorithm::EdDsa)] {
        let token = UnverifiedToken::parse(token.access_token.expose()).unwrap();
        let key = set.find(token.header().key_id()).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        token.verify(key).unwrap();
    }
    world.restart().await;
    assert_eq!(world.signing().algorithm(), Algorithm::EdDsa, "the fixture asks for ES256, by a rotation of its own");
}

#[tokio::test]
async fn a_clock_that_is_set_ahead_withdraws_no_key_and_rotates_none() {
    let (store, clock, _, process) = company(&[Knowledge::Holds]).await;
    process.request().await;
    process.advance().await;
    assert_eq!(process.states(), [Retired, Active]);
    let before = store.all_keys().await.unwrap();
    clock.step(jiff::SignedDuration::from_hours(24 * 365));
    process.advance().await;
    assert_eq!(store.all_keys().await.unwrap(), before);
}

#[tokio::test]
async fn a_kill_between_any_two_steps_is_followed_by_the_next_step() {
    let (store, clock, partners, process) = company(&[Knowledge::Holds]).await;
    process.request().await;
    drop(process);
    // How many changes of the store each process lives to see.
    for (lives, expected) in [(0, vec![Active]), (1, vec![Active, Prepared]), (1, vec![Retired, Active])] {
        let process = Process::start(&store, &clock, &partners).await;
        store.die_after(lives);
        let outcome = process.rotation.advance().await;
        store.revive();
        assert!(lives == 0 || outcome.is_ok() || matches!(outcome, Err(KeyRingError::Store(_))), "{outcome:?}");
        let process = Process::start(&store, &clock, &partners).await;
        assert_eq!(process.states(), expected, "after {lives} steps");
        assert_eq!(process.states().iter().filter(|state| **state == Active).count(), 1);
    }
    clock.advance(LINGERS);
    let process = Process::start(&store, &clock, &partners).await;
    process.advance().await;
    clock.advance(LINGERS);
    process.advance().await;
    assert_eq!(process.states(), [Active]);
}

#[tokio::test]
async fn of_several_processes_one_takes_each_step() {
    let (store, clock, partners, first) = company(&[Knowledge::Holds]).await;
    let processes =
        [first, Process::start(&store, &clock, &partners).await, Process::start(&store, &clock, &partners).await];
    for process in &processes {
        process.ring.catch_up().await.unwrap();
    }
    for round in 1..=20 {
        let requested: Vec<_> = {
            let of = processes[0].active().kid().clone();
            let request = || vec![Step::Request { of: of.clone(), algorithm: Algorithm::Es256 }];
            futures_util::future::join_all(processes.iter().map(|process| process.ring.change(&TOKENS, request())))
                .await
        };
        assert_eq!(requested.iter().filter(|requested| requested.is_ok()).count(), 1);
        futures_util::future::join_all(processes.iter().map(Process::advance)).await;
        let actives: Vec<_> = {
            futures_util::future::join_all(processes.iter().map(|process| process.ring.catch_up())).await;
            processes.iter().map(|process| process.active().kid().clone()).collect()
        };
        assert!(actives.iter().all(|active| *active == actives[0]));
        assert_eq!(store.all_keys().await.unwrap().len(), round + 1, "one new key for each request");
    }
}

#[tokio::test]
async fn no_process_signs_with_a_key_that_was_retired_or_revoked_elsewhere_before_the_request() {
    let world = World::new().await;
    let partners = Partners::new(&[Knowledge::Holds]);
    let elsewhere = Process::start(&world.store, &world.clock, &partners).await;
    let first = world.signing();
    elsewhere.request().await;
    elsewhere.advance().await;
    let token = world.present(&world.assertion().sign()).await.unwrap();
    let kid = |token: &str| UnverifiedToken::parse(token).unwrap().header().key_id().clone();
    assert_ne!(kid(token.access_token.expose()), *first.kid(), "nobody told this process, and it knows");

    let active = elsewhere.active().kid().clone();
    revoke(&elsewhere.ring, &active).await.unwrap();
    let token = world.present(&world.assertion().sign()).await.unwrap();
    assert_eq!(kid(token.access_token.expose()), *elsewhere.active().kid());
    assert_eq!(world.signing().kid(), elsewhere.active().kid());
}

/// What `keys revoke` does.
async fn revoke(ring: &Arc<KeyRing>, kid: &bridge_types::KeyId) -> Result<(), KeyRingError> {
    let beside = ring.snapshot().of_purpose(&TOKENS).find(|key| key.state == Prepared).map(|key| key.kid().clone());
    let key = EmbeddedKeys::default().generate(Algorithm::Es256).await.unwrap();
    let instead = Some(Replacement { key, beside });
    let taint = Step::Taint { kid: kid.clone(), reason: "stolen".to_owned(), instead };
    ring.change(&TOKENS, vec![taint, Step::Revoke(kid.clone())]).await.map(drop)
}

#[tokio::test]
async fn a_revoked_key_is_replaced_at_once_and_leaves_with_the_one_that_lay_beside_it() {
    let (store, _, _, process) = company(&[Knowledge::Lacks]).await;
    process.request().await;
    process.advance().await;
    assert_eq!(process.states(), [Active, Prepared]);
    let stolen = process.active();
    revoke(&process.ring, stolen.kid()).await.unwrap();
    assert_eq!(process.states(), [Tainted, Active]);
    assert_eq!(process.active().request, None, "the new key answers the request too");
    assert!(process.ring.snapshot().published().all(|key| key.kid() != stolen.kid()));
    assert!(
        store.live_keys().await.unwrap().keys.iter().all(|key| (key.record.state == Active) == key.private.is_some())
    );
    assert!(matches!(revoke(&process.ring, stolen.kid()).await, Err(KeyRingError::Overtaken(_))));
}

#[tokio::test]
async fn partners_are_told_at_once_that_a_key_has_gone_until_they_have_heard() {
    let (_, clock, partners, process) = company(&[Knowledge::Holds]).await;
    process.advance().await;
    assert_eq!(partners.asked.load(Ordering::SeqCst), 0, "there is nothing to tell");
    revoke(&process.ring, process.active().kid()).await.unwrap();
    partners.say(&[Knowledge::Unknown("down".to_owned())]);
    process.advance().await;
    clock.advance(Duration::from_secs(1));
    partners.say(&[Knowledge::Holds]);
    process.advance().await;
    assert_eq!(partners.asked.load(Ordering::SeqCst), 2);
    process.advance().await;
    assert_eq!(partners.asked.load(Ordering::SeqCst), 2, "they have heard");
}

#[tokio::test]
async fn a_step_that_comes_too_late_changes_nothing() {
    let (store, _, _, process) = company(&[Knowledge::Lacks]).await;
    let key = || async { EmbeddedKeys::default().generate(Algorithm::Es256).await.unwrap() };
    let active = process.active().kid().clone();
    let unknown = key().await.public.kid().clone();
    let late = [
        Step::Found(key().await),
        Step::Prepare { of: active.clone(), key: key().await },
        Step::Cancel { of: active.clone() },
        Step::Activate(unknown.clone()),
        Step::Activate(active.clone()),
        Step::Destroy(active.clone()),
        Step::Revoke(active.clone()),
        Step::Request { of: unknown.clone(), algorithm: Algorithm::Es256 },
        Step::Taint { kid: active.clone(), reason: String::new(), instead: None },
        Step::Taint { kid: unknown, reason: String::new(), instead: None },
    ];
    let before = (store.all_keys().await.unwrap(), store.keys_revision().await.unwrap());
    for step in late {
        let shown = format!("{step:?}");
        let refused = process.ring.change(&TOKENS, vec![step]).await;
        assert!(matches!(refused, Err(KeyRingError::Overtaken(_))), "{shown}: {refused:?}");
    }
    assert_eq!((store.all_keys().await.unwrap(), store.keys_revision().await.unwrap()), before);
}

#[tokio::test]
async fn a_rotation_waits_rather_than_publish_more_keys_than_partners_read() {
    let (_, _, _, process) = company(&[Knowledge::Holds]).await;
    for _ in 0..80 {
        if process.active().request.is_none() {
            process.request().await;
        }
        process.advance().await;
    }
    assert_eq!(process.ring.snapshot().published().count(), 64);
    assert!(process.active().request.is_some(), "the last request waits");
}
