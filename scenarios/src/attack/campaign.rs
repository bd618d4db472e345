//! Fires cases one after the other, at a steady pace, and judges each answer.

use super::target::Target;
use crate::error::CannotRun;
use bridge_testkit::attacks::{Answer, Basis, Case, Expected, Fault, Request, Strictness, World, Yardstick, judge};
use bridge_types::{Clock, Fingerprint, SystemClock};
use serde::Serialize;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// After so many requests without an answer there is nobody to attack any more.
const SILENCE: usize = 5;

/// What is shorter than this may stand anywhere by chance.
pub(super) const SHORTEST_SECRET: usize = 20;

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
        let baseline = target.send(&Request::default()).await;
        let baseline = baseline.map_err(|why| CannotRun::Request(format!("the target does not answer: {why}")))?;
        let yardstick = Yardstick { strictness, required_scope: world.policy.required_scope.clone(), baseline };
        let campaign = Self { world, target, yardstick, clock: SystemClock::new() };
        for algorithm in &world.policy.algorithms {
            let cases = bridge_testkit::attacks::resource_server::cases(&world.policy, *algorithm);
            let valid = cases.iter().find(|case| case.id().ends_with("/accepted/plain"));
            let valid = valid.ok_or_else(|| CannotRun::Tester("the corpus has no valid token".to_owned()))?;
            campaign.wait_for(valid, patience).await?;
        }
        Ok(campaign)
    }

    async fn wait_for(&self, valid: &Case, patience: Duration) -> Result<(), CannotRun> {
        let deadline = Instant::now() + patience;
        loop {
            let shot = self.shoot(valid).await;
            if shot.faults.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let algorithm = valid.algorithm();
                let found = shot.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let problem = format!("the target does not take a valid {algorithm} token of the test issuer: {found}");
                return Err(CannotRun::Request(problem));
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Fires every case once, and says after each how many were. Each token is made at the moment at which it is fired.
    pub(super) async fn fire(
        &self,
        cases: &[Case],
        rate: NonZeroU32,
        progress: impl Fn(usize),
    ) -> Result<Vec<Shot>, CannotRun> {
        let mut pace = interval(Duration::from_secs(1) / rate.get());
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut shots, mut silent) = (Vec::with_capacity(cases.len()), 0);
        for case in cases {
            pace.tick().await;
            let shot = self.shoot(case).await;
            silent = if shot.status.is_none() { silent + 1 } else { 0 };
            shots.push(shot);
            progress(shots.len());
            if silent == SILENCE {
                let problem = format!("the target has not answered the last {SILENCE} requests, up to {}", case.id());
                return Err(CannotRun::Request(problem));
            }
        }
        Ok(shots)
    }

    async fn shoot(&self, case: &Case) -> Shot {
        let request = case.forge(self.world, self.clock.now());
        let began = self.clock.monotonic();
        let answer = self.target.send(&request).await;
        let took = self.clock.monotonic().saturating_sub(began);
        let faults = match &answer {
            Ok(answer) => judge(case, &request, answer, &self.yardstick),
            Err(why) => vec![Fault::NoAnswer { why: why.clone() }],
        };
        let answer = answer.ok();
        let header = |answer: &Answer| answer.header("x-correlation-id").next().map(str::to_owned);
        Shot {
            id: case.id().to_owned(),
            title: case.title().to_owned(),
            clause: case.clause(),
            basis: case.basis(),
            expected: expected(case.expected()),
            status: answer.as_ref().map(|answer| answer.status),
            code: answer.as_ref().and_then(Answer::code),
            correlation_id: answer.as_ref().and_then(header),
            secrets: secrets(&request),
            took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            faults,
        }
    }
}

fn expected(expected: Expected) -> &'static str {
    match expected {
        Expected::Allow => "allow",
        Expected::Deny(code) => code.as_str(),
    }
}

fn secrets(request: &Request) -> Vec<Fingerprint> {
    let token = request.bearer.as_deref().unwrap_or_default();
    let words = std::iter::once(token).chain(token.split('.')).filter(|word| word.len() >= SHORTEST_SECRET);
    words.map(|word| Fingerprint::of(word.as_bytes())).collect()
}
