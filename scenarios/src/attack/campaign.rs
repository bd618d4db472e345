//! Fires cases, at a steady pace or several at once, and judges each answer.

use super::round::{Impact, Round};
use super::target::Target;
use crate::error::CannotRun;
use bridge_testkit::attacks::{Answer, Basis, Face, Fault, Request, Strictness, World, Yardstick};
use bridge_types::{Clock, Fingerprint, SystemClock};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

/// After so many requests without an answer there is nobody to attack any more.
const SILENCE: usize = 5;

/// How often a case is fired again when the target asks for patience (RFC 6585 §4).
const ENCORES: u32 = 5;

/// The longest that is waited then.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How cases are fired.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// One after the other, no more than so many a second.
    Steady(NonZeroU32),
    /// So many at once, as fast as they are answered.
    AtOnce(usize),
}

/// One request and what became of it. No part of a token is kept.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shot {
    /// The case.
    pub(super) id: String,
    /// What it was about.
    pub(super) title: String,
    /// The clause it stands on.
    pub(super) clause: &'static str,
    /// Whether the standards ask for it.
    pub(super) basis: Basis,
    /// What was expected: `allow`, or the reason code of a refusal.
    pub(super) expected: &'static str,
    /// The status, if there was an answer.
    pub(super) status: Option<u16>,
    /// The reason code of the answer.
    pub(super) code: Option<String>,
    /// The name of the request in the target's log.
    pub(super) correlation_id: Option<String>,
    /// How long the target asked to be left alone.
    #[serde(skip)]
    pub(super) pause: Option<Duration>,
    /// The fingerprints of the token and its segments, by which a leak is noticed.
    #[serde(skip)]
    pub(super) secrets: Vec<Fingerprint>,
    /// How long the answer took, in microseconds.
    pub(super) took_us: u64,
    /// What was wrong.
    pub(super) faults: Vec<Fault>,
}

impl Shot {
    /// False when the listener turned the request down before anybody decided about it (RFC 6585 §5).
    pub(super) fn was_decided(&self) -> bool {
        self.status != Some(431)
    }
}

/// A target that takes valid tokens, ready to be fired at.
#[derive(Debug)]
pub(super) struct Campaign<'c> {
    world: &'c World,
    target: &'c Target,
    yardstick: Yardstick,
    clock: SystemClock,
}

impl<'c> Campaign<'c> {
    /// Waits until the target takes a valid token of every algorithm: before that, a refusal would say nothing.
    pub(super) async fn prepare(
        world: &'c World,
        target: &'c Target,
        strictness: Strictness,
        patience: Duration,
    ) -> Result<Self, CannotRun> {
        let baseline = match world.face {
            Face::ResourceServer => target.send(&Request::default()).await,
            // What it says to everybody is no yardstick: nothing of a form has to come back.
            Face::TokenEndpoint => Ok(Answer { status: 0, headers: Vec::new(), body: String::new() }),
        };
        let baseline = baseline.map_err(|why| CannotRun::Request(format!("the target does not answer: {why}")))?;
        let yardstick = Yardstick { strictness, required_scope: world.policy.required_scope.clone(), baseline };
        let campaign = Self { world, target, yardstick, clock: SystemClock::new() };
        for algorithm in &world.policy.algorithms {
            let plain = Round::all(world, *algorithm).into_iter().find(Round::is_plain);
            let plain = plain.ok_or_else(|| CannotRun::Tester("the corpus has no valid request".to_owned()))?;
            campaign.wait_for(&plain, patience).await?;
        }
        Ok(campaign)
    }

    async fn wait_for(&self, valid: &Round, patience: Duration) -> Result<(), CannotRun> {
        let deadline = Instant::now() + patience;
        for attempt in 0_u32.. {
            // Each attempt is a new token: an assertion is good once.
            let world = self.again(&format!(".{attempt}"));
            let shot = self.shoot(&world, valid).await;
            if shot.faults.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let algorithm = valid.algorithm();
                let found = shot.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let what = match self.world.face {
                    Face::ResourceServer => "token of the test issuer",
                    Face::TokenEndpoint => "assertion of the test client",
                };
                let problem = format!("the target does not take a valid {algorithm} {what}: {found}");
                return Err(CannotRun::Request(problem));
            }
            sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }

    /// The same world with other names for its tokens.
    fn again(&self, suffix: &str) -> World {
        World { run: format!("{}{suffix}", self.world.run), ..self.world.clone() }
    }

    /// Fires every case once, and says after each how many were. Each token is made at the moment at which it is fired.
    pub(super) async fn fire(
        &self,
        rounds: &[Round],
        pace: Pace,
        progress: impl Fn(usize),
    ) -> Result<Vec<Shot>, CannotRun> {
        let (ticks, at_once) = match pace {
            Pace::Steady(rate) => (Some(Mutex::new(steady(rate))), 1),
            Pace::AtOnce(cases) => (None, cases),
        };
        let ticks = ticks.as_ref();
        let fired = rounds.iter().map(|round| async move {
            if let Some(ticks) = ticks {
                ticks.lock().await.tick().await;
            }
            self.insist(round).await
        });
        let mut fired = stream::iter(fired).buffered(at_once);
        let (mut shots, mut silent) = (Vec::with_capacity(rounds.len()), 0);
        while let Some(shot) = fired.next().await {
            silent = if shot.status.is_none() { silent + 1 } else { 0 };
            shots.push(shot);
            progress(shots.len());
            if silent == SILENCE {
                let last = shots.last().map_or("", |shot| shot.id.as_str());
                let problem = format!("the target has not answered the last {SILENCE} requests, up to {last}");
                return Err(CannotRun::Request(problem));
            }
        }
        Ok(shots)
    }

    /// Fires a case until the target does not ask for patience any more: a limit says nothing about the case.
    async fn insist(&self, round: &Round) -> Shot {
        let mut shot = self.shoot(self.world, round).await;
        for encore in 1..=ENCORES {
            let Some(pause) = shot.pause else { break };
            sleep(pause.min(LONGEST_PAUSE)).await;
            shot = self.shoot(&self.again(&format!(".encore-{encore}")), round).await;
        }
        shot
    }

    async fn shoot(&self, world: &World, round: &Round) -> Shot {
        let began = self.clock.monotonic();
        let Impact { answer, faults, secrets } =
            round.fire(world, self.target, &self.yardstick, self.clock.now()).await;
        let took = self.clock.monotonic().saturating_sub(began);
        let answer = answer.ok();
        let header = |answer: &Answer| answer.header("x-correlation-id").next().map(str::to_owned);
        Shot {
            id: round.id().to_owned(),
            title: round.title().to_owned(),
            clause: round.clause(),
            basis: round.basis(),
            expected: round.expected(),
            status: answer.as_ref().map(|answer| answer.status),
            code: answer.as_ref().and_then(|answer| round.code(answer)),
            correlation_id: answer.as_ref().and_then(header),
            pause: answer.as_ref().and_then(pause),
            secrets,
            took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            faults,
        }
    }
}

fn steady(rate: NonZeroU32) -> Interval {
    let mut ticks = interval(Duration::from_secs(1) / rate.get());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// How long the target asks to be left alone, when it says that there were too many requests. Cases never deserve that.
fn pause(answer: &Answer) -> Option<Duration> {
    let seconds = answer.header("retry-after").next().and_then(|value| value.parse().ok()).unwrap_or(1);
    (answer.status == 429).then(|| Duration::from_secs(seconds))
}
