use super::evidence::{Knowledge, PartnerEvidence, Witness};
use super::plan::{Next, Pace, next};
use super::record::{KeyPurpose, KeyRecord};
use super::{KeyRing, KeyRingError, KeySnapshot, Step};
use bridge_jose::Algorithm;
use bridge_types::{Clock, KeyId};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often it is looked whether something is due that nobody announces.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How soon after a question that brought nothing the next one is asked, at first; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// How often those who do not answer are told that a key has gone. After that their copies have to get old.
const WITHDRAWAL_ASKS: u32 = 10;
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Takes every step that is due, one after the other: prepares the next key, activates it when it is known, withdraws
/// what has expired.
///
/// Every process of a company has one. It keeps nothing that matters: what was begun stands in the store, so a kill
/// between any two steps is followed by the next step after the restart, and of several processes one takes each.
pub struct Rotation {
    ring: Arc<KeyRing>,
    evidence: Arc<dyn PartnerEvidence>,
    period: Option<Duration>,
    clock: Arc<dyn Clock>,
    since: (Timestamp, Duration),
    waiting: Mutex<HashMap<KeyId, Waiting>>,
    withdrawal: Mutex<Withdrawal>,
}

/// What was published when this process last looked, and how often it still tells partners that a key has gone.
#[derive(Default)]
struct Withdrawal {
    published: BTreeSet<KeyId>,
    asks_left: u32,
}

/// What this process knows about a prepared key.
struct Waiting {
    purpose: KeyPurpose,
    /// Since when it sees to it that the key is published. Not the time in the store: nobody served then, perhaps.
    since: Duration,
    asked: u32,
    ask_at: Duration,
    witnesses: Vec<Witness>,
}

/// A prepared key that is not active yet, for the operations pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingKey {
    /// What it will sign.
    pub purpose: String,
    /// The key.
    pub kid: KeyId,
    /// Whom it waits for, and what they said last. Empty before the first question.
    pub witnesses: Vec<Witness>,
    /// In how many seconds it becomes active without further evidence; `None` when a partner would refuse it.
    pub active_in_seconds: Option<u64>,
}

impl Rotation {
    /// Rotates each key after this period; without one, only when asked to.
    pub fn new(
        ring: Arc<KeyRing>,
        evidence: Arc<dyn PartnerEvidence>,
        period: Option<Duration>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let since = (clock.now(), clock.monotonic());
        Self { ring, evidence, period, clock, since, waiting: Mutex::default(), withdrawal: Mutex::default() }
    }

    /// Takes every step that is due now and tells when to look again at the latest. Look earlier when the keys change.
    ///
    /// # Errors
    /// [`KeyRingError`]: a step could not be taken. The keys are as good as before; try again later.
    pub async fn advance(&self) -> Result<Duration, KeyRingError> {
        let mut pause = LOOK_EVERY;
        let keys = self.ring.snapshot();
        let purposes: Vec<KeyPurpose> = {
            let mut purposes: Vec<_> = keys.iter().map(|key| key.purpose.clone()).collect();
            purposes.sort();
            purposes.dedup();
            purposes
        };
        let mut failure = None;
        for purpose in purposes {
            // One client's trouble does not keep the issuer's keys from rotating.
            match self.advance_purpose(&purpose).await {
                Ok(again) => pause = pause.min(again),
                Err(error) => failure = Some(error),
            }
        }
        pause = pause.min(self.tell_of_withdrawals(&self.ring.snapshot()).await.unwrap_or(pause));
        self.forget_settled(&self.ring.snapshot());
        failure.map_or(Ok(pause), Err)
    }

    /// The prepared keys, and whom they wait for.
    pub fn waiting(&self) -> Vec<WaitingKey> {
        let now = self.clock.monotonic();
        let waiting = self.waiting_keys();
        let mut shown: Vec<WaitingKey> = waiting
            .iter()
            .map(|(kid, waiting)| WaitingKey {
                purpose: waiting.purpose.to_string(),
                kid: kid.clone(),
                witnesses: waiting.witnesses.clone(),
                active_in_seconds: (!refused(&waiting.witnesses))
                    .then(|| (waiting.since + Pace::of(&waiting.purpose).known_after).saturating_sub(now).as_secs()),
            })
            .collect();
        shown.sort_by(|one, other| one.purpose.cmp(&other.purpose));
        shown
    }

    async fn advance_purpose(&self, purpose: &KeyPurpose) -> Result<Duration, KeyRingError> {
        let pace = Pace::of(purpose);
        // More steps than one look can find due; a process that sees more does the rest at its next look.
        for _ in 0..128 {
            let snapshot = self.ring.snapshot();
            let keys: Vec<&KeyRecord> = snapshot.of_purpose(purpose).collect();
            let steps = match next(&keys, self.surely_past(), self.period, pace) {
                Next::Rest => return Ok(LOOK_EVERY),
                Next::Full => return Ok(LONGEST_PAUSE),
                Next::Destroy(kid) => vec![Step::Destroy(kid)],
                Next::Revoke(kid) => vec![Step::Revoke(kid)],
                Next::Prepare { of, algorithm, asked } => self.prepare(purpose, of, algorithm, asked).await?,
                Next::Await(kid) => match self.await_knowledge(&snapshot, purpose, &kid, pace).await {
                    None => vec![Step::Activate(kid)],
                    Some(again) => return Ok(again),
                },
            };
            match self.ring.change(purpose, steps).await {
                Ok(_) => {}
                Err(KeyRingError::Overtaken(_)) => drop(self.ring.catch_up().await?),
                Err(error) => return Err(error),
            }
        }
        Ok(Duration::ZERO)
    }

    /// When a key has left the published set, asks everybody about the one that signs. Whoever does not hold that one
    /// looks at the published set before answering, and so finds the other one gone: a stolen key is refused there within
    /// a moment and not when a copy gets old. Tells when to ask again.
    async fn tell_of_withdrawals(&self, keys: &KeySnapshot) -> Option<Duration> {
        let published: BTreeSet<KeyId> = keys.published().map(|key| key.kid().clone()).collect();
        let signing = keys.signing()?;
        {
            let mut withdrawal = self.withdrawal();
            if !withdrawal.published.is_subset(&published) {
                withdrawal.asks_left = WITHDRAWAL_ASKS;
            }
            withdrawal.published = published;
            if withdrawal.asks_left == 0 {
                return None;
            }
        }
        let witnesses = self.evidence.ask(signing).await;
        let mut withdrawal = self.withdrawal();
        let told = witnesses.iter().all(|witness| witness.says == Knowledge::Holds);
        withdrawal.asks_left = if told { 0 } else { withdrawal.asks_left.saturating_sub(1) };
        let asked = WITHDRAWAL_ASKS.saturating_sub(withdrawal.asks_left);
        (withdrawal.asks_left > 0).then(|| FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(asked)).min(LONGEST_PAUSE))
    }

    fn withdrawal(&self) -> MutexGuard<'_, Withdrawal> {
        self.withdrawal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn prepare(
        &self,
        purpose: &KeyPurpose,
        of: KeyId,
        algorithm: Algorithm,
        asked: bool,
    ) -> Result<Vec<Step>, KeyRingError> {
        let key = self.ring.generate(purpose, algorithm).await?;
        let request = (!asked).then(|| Step::Request { of: of.clone(), algorithm });
        Ok(request.into_iter().chain([Step::Prepare { of, key }]).collect())
    }

    /// `None` when a prepared key may be used, else when to look again.
    async fn await_knowledge(
        &self,
        keys: &KeySnapshot,
        purpose: &KeyPurpose,
        kid: &KeyId,
        pace: Pace,
    ) -> Option<Duration> {
        let now = self.clock.monotonic();
        let (since, ask_at) = {
            let mut waiting = self.waiting_keys();
            let new = || Waiting { purpose: purpose.clone(), since: now, asked: 0, ask_at: now, witnesses: Vec::new() };
            let waiting = waiting.entry(kid.clone()).or_insert_with(new);
            (waiting.since, waiting.ask_at)
        };
        let known_at = since + pace.known_after;
        let key = keys.iter().find(|key| key.kid() == kid);
        if let (KeyPurpose::AccessTokens, Some(key)) = (purpose, key)
            && (now >= ask_at || now >= known_at)
        {
            let witnesses = self.evidence.ask(&key.public).await;
            if witnesses.iter().all(|witness| witness.says == Knowledge::Holds) {
                return None;
            }
            if self.note(kid, witnesses) {
                return Some(LONGEST_PAUSE);
            }
        }
        let now = self.clock.monotonic();
        if now >= known_at {
            return None;
        }
        let ask_at = self.waiting_keys().get(kid).map_or(known_at, |waiting| waiting.ask_at);
        let soonest = if *purpose == KeyPurpose::AccessTokens { ask_at.min(known_at) } else { known_at };
        Some(soonest.saturating_sub(now))
    }

    /// Keeps what was said and when to ask again. True when a partner would refuse the key.
    ///
    /// A refusal stands until its partner says something else: silence takes nothing back.
    fn note(&self, kid: &KeyId, mut witnesses: Vec<Witness>) -> bool {
        let now = self.clock.monotonic();
        let mut waiting = self.waiting_keys();
        let Some(waiting) = waiting.get_mut(kid) else { return refused(&witnesses) };
        for silent in witnesses.iter_mut().filter(|witness| matches!(witness.says, Knowledge::Unknown(_))) {
            let before = waiting.witnesses.iter().find(|before| before.partner == silent.partner);
            if let Some(before) = before.filter(|before| matches!(before.says, Knowledge::Refuses(_))) {
                silent.clone_from(before);
            }
        }
        let refused = refused(&witnesses);
        waiting.ask_at = now + FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(waiting.asked)).min(LONGEST_PAUSE);
        waiting.asked = waiting.asked.saturating_add(1);
        if waiting.witnesses != witnesses {
            tell(kid, &witnesses, refused);
            waiting.witnesses = witnesses;
        }
        refused
    }

    fn forget_settled(&self, keys: &KeySnapshot) {
        let prepared = |kid: &KeyId| keys.iter().any(|key| key.kid() == kid && key.times.activated_at.is_none());
        let mut waiting = self.waiting_keys();
        waiting.retain(|kid, _| prepared(kid));
        for kind in ["access_tokens", "client"] {
            let keys = waiting.values().filter(|waiting| waiting.purpose.kind() == kind).count();
            let gauge = metrics::gauge!("bridge_key_rotations_waiting", "purpose" => kind);
            gauge.set(f64::from(u32::try_from(keys).unwrap_or(u32::MAX)));
        }
    }

    /// The earlier of the time of day and of what it would be without steps since the start: a clock that is set ahead
    /// by mistake withdraws no key whose tokens are alive.
    fn surely_past(&self) -> Timestamp {
        let (start, offset) = self.since;
        let now = self.clock.now();
        let unstepped = start.checked_add(self.clock.monotonic().saturating_sub(offset));
        unstepped.map_or(now, |unstepped| unstepped.min(now))
    }

    fn waiting_keys(&self) -> MutexGuard<'_, HashMap<KeyId, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(witnesses: &[Witness]) -> bool {
    witnesses.iter().any(|witness| matches!(witness.says, Knowledge::Refuses(_)))
}

/// Says whom a rotation waits for, whenever that changes.
fn tell(kid: &KeyId, witnesses: &[Witness], refused: bool) {
    let missing: BTreeMap<&str, &Knowledge> = witnesses
        .iter()
        .filter(|witness| witness.says != Knowledge::Holds)
        .map(|witness| (witness.partner.as_str(), &witness.says))
        .collect();
    let detail = format!("{missing:?}");
    if refused {
        tracing::error!(target: "bridge", event = "key_rotation_blocked", outcome = "error", %kid, detail,
            "the next key is not used: a partner would refuse it. The present one goes on signing");
    } else {
        tracing::info!(target: "bridge", event = "key_rotation_waits", outcome = "ok", %kid, detail,
            "the next key waits until partners hold it");
    }
}

impl std::fmt::Debug for Rotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rotation").field("period", &self.period).finish_non_exhaustive()
    }
}
