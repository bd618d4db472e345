use super::evidence::Evidence;
use crate::side::Pair;
use crate::stand::company::Measured;
use jiff::Timestamp;
use std::time::Duration;

/// Everything that the report says about one run.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// When the run began.
    pub(crate) began: Timestamp,
    /// How long it took.
    pub(crate) took: Duration,
    /// What was played.
    pub(crate) features: Vec<FeatureOutcome>,
    /// What was not played, and how to get it played.
    pub(crate) not_run: Vec<NotRun>,
    /// What the companies took of the machine.
    pub(crate) measured: Pair<Measured>,
}

/// Scenarios that were not played.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct NotRun {
    /// What.
    pub(crate) what: String,
    /// Why not, and what to do about it.
    pub(crate) remedy: String,
}

/// One feature.
#[derive(Debug)]
pub(crate) struct FeatureOutcome {
    /// Its name.
    pub(crate) name: String,
    /// What it says about itself.
    pub(crate) description: String,
    /// The scenarios that were played.
    pub(crate) scenarios: Vec<ScenarioOutcome>,
}

/// One scenario.
#[derive(Debug)]
pub(crate) struct ScenarioOutcome {
    /// Its name, which no other scenario has.
    pub(crate) name: String,
    /// Its tags and those of its feature.
    pub(crate) tags: Vec<String>,
    /// How long it took.
    pub(crate) took: Duration,
    /// Its steps.
    pub(crate) steps: Vec<StepOutcome>,
    /// What went wrong around the steps, such as the stand not being restored.
    pub(crate) trouble: Option<String>,
    /// What happened.
    pub(crate) evidence: Evidence,
}

/// One step.
#[derive(Debug)]
pub(crate) struct StepOutcome {
    /// Given, When, Then, And.
    pub(crate) keyword: String,
    /// What it says.
    pub(crate) text: String,
    /// The text that goes with it, such as the body of a request.
    pub(crate) attached: String,
    /// How it went.
    pub(crate) verdict: Verdict,
    /// How long it took.
    pub(crate) took: Duration,
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it says.
    Passed,
    /// Not so, and why.
    Failed(String),
    /// It was not played, because one before it failed.
    NotReached,
}

impl ScenarioOutcome {
    /// True when every step was played and went as it says.
    pub(crate) fn passed(&self) -> bool {
        self.trouble.is_none() && self.steps.iter().all(|step| step.verdict == Verdict::Passed)
    }

    /// What went wrong first.
    pub(crate) fn problem(&self) -> Option<String> {
        let failed = self.steps.iter().find_map(|step| match &step.verdict {
            Verdict::Failed(why) => Some(format!("{} {}: {why}", step.keyword, step.text)),
            _ => None,
        });
        failed.or_else(|| self.trouble.clone())
    }
}

impl Outcome {
    /// Every scenario that was played.
    pub(crate) fn scenarios(&self) -> impl Iterator<Item = &ScenarioOutcome> {
        self.features.iter().flat_map(|feature| &feature.scenarios)
    }

    /// How many scenarios passed, and how many failed.
    pub(crate) fn tally(&self) -> (usize, usize) {
        let passed = self.scenarios().filter(|scenario| scenario.passed()).count();
        (passed, self.scenarios().count() - passed)
    }
}
