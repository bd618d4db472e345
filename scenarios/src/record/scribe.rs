use super::evidence::Evidence;
use super::outcome::{FeatureOutcome, ScenarioOutcome, StepOutcome, Verdict};
use crate::console::Console;
use crate::stage::Stage;
use bridge_types::{Clock, SystemClock};
use cucumber::event::{Cucumber, Feature as FeatureEvent, Hook, Info, Scenario as Event, Step as StepEvent, StepError};
use cucumber::gherkin::{Feature, Scenario, Step};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The evidence of each scenario, by its name. The hook after a scenario puts it in, the scribe takes it out.
#[derive(Debug, Clone, Default)]
pub(crate) struct EvidenceBox(Arc<Mutex<HashMap<String, Evidence>>>);

impl EvidenceBox {
    /// Puts the evidence of a scenario in.
    pub(crate) fn put(&self, scenario: &str, evidence: Evidence) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(scenario.to_owned(), evidence);
    }

    fn take(&self, scenario: &str) -> Evidence {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(scenario).unwrap_or_default()
    }
}

/// Listens to cucumber and writes down how every scenario and every step went.
#[derive(Debug)]
pub(crate) struct Scribe {
    features: Vec<FeatureOutcome>,
    current: Option<ScenarioOutcome>,
    scenario_began: Duration,
    step_began: Duration,
    evidence: EvidenceBox,
    console: Console,
    clock: SystemClock,
}

impl Scribe {
    /// A scribe that tells the console as it goes.
    pub(crate) fn new(evidence: EvidenceBox, console: Console) -> Self {
        let (features, current, zero) = (Vec::new(), None, Duration::ZERO);
        Self { features, current, scenario_began: zero, step_began: zero, evidence, console, clock: SystemClock::new() }
    }

    /// What it has written down.
    pub(crate) fn finish(self) -> Vec<FeatureOutcome> {
        self.console.clear();
        self.features
    }

    /// Hears one event.
    pub(super) fn hear(&mut self, event: &Cucumber<Stage>) {
        // The features use no rules, and begin and end with their scenarios.
        if let Cucumber::Feature(feature, FeatureEvent::Scenario(scenario, heard)) = event {
            self.scenario(feature, scenario, heard.event.clone());
        }
    }

    fn scenario(&mut self, feature: &Feature, scenario: &Scenario, event: Event<Stage>) {
        match event {
            Event::Started => self.begin(feature, scenario),
            Event::Hook(_, Hook::Failed(_, panic)) => self.trouble(&message(&panic)),
            Event::Background(step, event) | Event::Step(step, event) => self.step(&step, event),
            Event::Finished => self.end(feature),
            Event::Hook(..) | Event::Log(_) => {}
        }
    }

    fn begin(&mut self, feature: &Feature, scenario: &Scenario) {
        self.console.begin(&scenario.name);
        self.scenario_began = self.clock.monotonic();
        let unreached = |step: &Step| StepOutcome {
            keyword: step.keyword.trim().to_owned(),
            text: step.value.clone(),
            attached: step.docstring.as_deref().unwrap_or_default().trim().to_owned(),
            verdict: Verdict::NotReached,
            took: Duration::ZERO,
        };
        let background = feature.background.iter().flat_map(|background| &background.steps);
        self.current = Some(ScenarioOutcome {
            name: scenario.name.clone(),
            tags: feature.tags.iter().chain(&scenario.tags).cloned().collect(),
            took: Duration::ZERO,
            steps: background.chain(&scenario.steps).map(unreached).collect(),
            trouble: None,
            evidence: Evidence::default(),
        });
    }

    fn step(&mut self, step: &Step, event: StepEvent<Stage>) {
        let verdict = match event {
            StepEvent::Started => return self.step_began = self.clock.monotonic(),
            StepEvent::Passed(..) => Verdict::Passed,
            StepEvent::Skipped => Verdict::Failed("no code plays this step".to_owned()),
            StepEvent::Failed(_, _, _, error) => Verdict::Failed(reason(&error)),
        };
        let took = self.clock.monotonic().saturating_sub(self.step_began);
        // Steps are played in order, so the first one that was not reached is this one.
        let mut steps = self.current.iter_mut().flat_map(|scenario| &mut scenario.steps);
        if let Some(known) = steps.find(|known| known.verdict == Verdict::NotReached && known.text == step.value) {
            (known.verdict, known.took) = (verdict, took);
        }
    }

    fn trouble(&mut self, what: &str) {
        if let Some(scenario) = &mut self.current {
            scenario.trouble = Some(what.to_owned());
        }
    }

    fn end(&mut self, feature: &Feature) {
        let Some(mut scenario) = self.current.take() else { return };
        scenario.took = self.clock.monotonic().saturating_sub(self.scenario_began);
        scenario.evidence = self.evidence.take(&scenario.name);
        self.console.end(&scenario);
        if self.features.last().is_none_or(|last| last.name != feature.name) {
            let description = feature.description.clone().unwrap_or_default();
            let name = feature.name.clone();
            self.features.push(FeatureOutcome { name, description, scenarios: Vec::new() });
        }
        if let Some(last) = self.features.last_mut() {
            last.scenarios.push(scenario);
        }
    }
}

fn reason(error: &StepError) -> String {
    match error {
        StepError::Panic(panic) => message(panic),
        other => other.to_string(),
    }
}

fn message(panic: &Info) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked without a word").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{EvidenceBox, Scribe};
    use crate::console::Console;
    use crate::record::outcome::{ScenarioOutcome, Verdict};
    use cucumber::event::{
        Cucumber, Hook, HookType, RetryableScenario, Scenario as Event, Step as StepEvent, StepError,
    };
    use cucumber::gherkin::{Feature, GherkinEnv, Rule};
    use std::sync::Arc;

    const TEXT: &str = "Feature: f\n  Scenario: s\n    Given one\n    When two\n    Then two\n";

    /// Plays what happened after the scenario began, and gives what the scribe wrote down.
    fn written(happened: impl Fn(&Feature) -> Vec<Event<crate::stage::Stage>>) -> ScenarioOutcome {
        let feature = Feature::parse(TEXT, GherkinEnv::default()).unwrap();
        let (feature, scenario) = (Arc::new(feature.clone()), Arc::new(feature.scenarios[0].clone()));
        let mut scribe = Scribe::new(EvidenceBox::default(), Console::silent());
        let events = [vec![Event::Started], happened(&feature), vec![Event::Finished]].concat();
        for event in events {
            let event = RetryableScenario { event, retries: None };
            scribe.hear(&Cucumber::scenario(Arc::clone(&feature), None::<Arc<Rule>>, Arc::clone(&scenario), event));
        }
        scribe.finish().remove(0).scenarios.remove(0)
    }

    #[test]
    fn a_failed_step_is_told_with_its_reason_and_the_rest_was_not_reached() {
        let scenario = written(|feature| {
            let panic: cucumber::event::Info = Arc::new("expected 200, found 401".to_owned());
            let failed = StepEvent::Failed(None, None, None, StepError::Panic(panic));
            vec![Event::Step(Arc::new(feature.scenarios[0].steps[0].clone()).into(), failed)]
        });
        let verdicts: Vec<_> = scenario.steps.iter().map(|step| step.verdict.clone()).collect();
        let failed = Verdict::Failed("expected 200, found 401".to_owned());
        assert_eq!(verdicts, [failed, Verdict::NotReached, Verdict::NotReached]);
        assert!(!scenario.passed());
        assert_eq!(scenario.problem().unwrap(), "Given one: expected 200, found 401");
    }

    #[test]
    fn a_step_that_nobody_plays_fails_the_scenario() {
        let skipped = written(|feature| {
            vec![Event::Step(Arc::new(feature.scenarios[0].steps[0].clone()).into(), StepEvent::Skipped)]
        });
        assert!(!skipped.passed());
    }

    #[test]
    fn a_stand_that_cannot_be_restored_fails_the_scenario() {
        let scenario = written(|_| {
            let panic: cucumber::event::Info = Arc::new("company-a does not serve".to_owned());
            vec![Event::Hook(HookType::After, Hook::Failed(None, panic))]
        });
        assert_eq!(scenario.trouble.as_deref(), Some("company-a does not serve"));
        assert!(!scenario.passed());
    }
}
