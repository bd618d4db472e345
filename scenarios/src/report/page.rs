use super::contents::{Entry, contents};
use super::diagram::Diagram;
use super::message::Message;
use super::refusal::{Refusal, refusals};
use super::story::tell;
use crate::record::journal::micros;
use crate::record::outcome::{FeatureOutcome, NotRun, Outcome, ScenarioOutcome, StepOutcome, Verdict};
use crate::stand::company::Measured;
use askama::Template;
use jiff::Timestamp;
use serde::Serialize;

/// The report: rendered as a page for people, serialized as JSON for tools.
#[derive(Debug, Template, Serialize)]
#[template(path = "page.html")]
pub(crate) struct Page<'o> {
    began: Timestamp,
    took_ms: u128,
    passed: usize,
    failed: usize,
    tokens_seen: usize,
    companies: Vec<CompanyView>,
    not_run: &'o [NotRun],
    features: Vec<FeatureView<'o>>,
}

#[derive(Debug, Serialize)]
struct CompanyView {
    name: &'static str,
    #[serde(flatten)]
    measured: Measured,
}

#[derive(Debug, Serialize)]
struct FeatureView<'o> {
    name: &'o str,
    description: &'o str,
    scenarios: Vec<ScenarioView<'o>>,
    #[serde(skip)]
    contents: Vec<Entry<'o>>,
}

/// One scenario, for the page.
#[derive(Debug, Serialize)]
pub(super) struct ScenarioView<'o> {
    /// Where it stands in the page.
    pub(super) id: String,
    /// Its name, which no other scenario has.
    pub(super) name: &'o str,
    tags: &'o [String],
    /// How it went.
    pub(super) passed: bool,
    took_us: u64,
    problem: Option<String>,
    steps: Vec<StepView<'o>>,
    messages: Vec<Message>,
    refusals: Vec<Refusal>,
    #[serde(skip)]
    diagram: Diagram,
}

#[derive(Debug, Serialize)]
struct StepView<'o> {
    keyword: &'o str,
    text: &'o str,
    attached: &'o str,
    verdict: &'static str,
    why: &'o str,
    took_us: u64,
}

impl<'o> Page<'o> {
    /// The report of a run.
    pub(crate) fn new(outcome: &'o Outcome, tokens_seen: usize) -> Self {
        let (passed, failed) = outcome.tally();
        let companies = outcome.measured.iter();
        let features = outcome.features.iter().enumerate();
        Self {
            began: outcome.began,
            took_ms: outcome.took.as_millis(),
            passed,
            failed,
            tokens_seen,
            companies: companies
                .map(|(side, measured)| CompanyView { name: side.name(), measured: measured.clone() })
                .collect(),
            not_run: &outcome.not_run,
            features: features.map(|(index, feature)| FeatureView::new(index + 1, feature)).collect(),
        }
    }

    fn day_and_time(&self) -> String {
        self.began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    fn took(&self) -> String {
        format!("{}.{} s", self.took_ms / 1000, self.took_ms % 1000 / 100)
    }

    /// Every scenario that failed.
    fn failures(&self) -> impl Iterator<Item = &ScenarioView<'o>> {
        self.features.iter().flat_map(|feature| &feature.scenarios).filter(|scenario| !scenario.passed)
    }
}

impl CompanyView {
    fn first_start_ms(&self) -> u64 {
        self.measured.starts_ms.first().copied().unwrap_or_default()
    }

    fn slowest_start_ms(&self) -> u64 {
        self.measured.starts_ms.iter().copied().max().unwrap_or_default()
    }

    fn starts(&self) -> usize {
        self.measured.starts_ms.len()
    }

    fn resident(&self) -> String {
        mebibytes(self.measured.resident_kib)
    }

    fn peak(&self) -> String {
        mebibytes(self.measured.peak_kib)
    }
}

impl<'o> FeatureView<'o> {
    fn new(number: usize, feature: &'o FeatureOutcome) -> Self {
        let scenarios = feature.scenarios.iter().enumerate();
        let scenarios: Vec<_> =
            scenarios.map(|(index, scenario)| ScenarioView::new(number, index + 1, scenario)).collect();
        let contents = contents(&scenarios);
        Self { name: &feature.name, description: feature.description.trim(), scenarios, contents }
    }
}

impl<'o> ScenarioView<'o> {
    fn new(feature: usize, number: usize, scenario: &'o ScenarioOutcome) -> Self {
        let messages = tell(&scenario.evidence);
        Self {
            id: format!("s{feature}-{number}"),
            name: &scenario.name,
            tags: &scenario.tags,
            passed: scenario.passed(),
            took_us: micros(scenario.took),
            problem: scenario.problem(),
            steps: scenario.steps.iter().map(StepView::new).collect(),
            refusals: refusals(&scenario.evidence),
            diagram: Diagram::new(&messages),
            messages,
        }
    }

    /// How long it took.
    pub(super) fn took(&self) -> String {
        milliseconds(self.took_us)
    }

    /// When a message began, in milliseconds after the first.
    fn offset(&self, message: &Message) -> String {
        let first = self.messages.first().map_or(message.at, |first| first.at);
        let micros = message.at.duration_since(first).as_micros();
        milliseconds(u64::try_from(micros).unwrap_or_default())
    }
}

impl<'o> StepView<'o> {
    fn new(step: &'o StepOutcome) -> Self {
        let (verdict, why) = match &step.verdict {
            Verdict::Passed => ("passed", ""),
            Verdict::Failed(why) => ("failed", why.as_str()),
            Verdict::NotReached => ("not-reached", ""),
        };
        let took_us = micros(step.took);
        Self { keyword: &step.keyword, text: &step.text, attached: &step.attached, verdict, why, took_us }
    }

    fn took(&self) -> String {
        milliseconds(self.took_us)
    }
}

fn milliseconds(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        _ => format!("{} ms", micros / 1000),
    }
}

fn mebibytes(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
}

#[cfg(test)]
mod tests {
    use super::{Page, mebibytes, milliseconds};
    use crate::record::evidence::Evidence;
    use crate::record::journal::Entry;
    use crate::record::outcome::{FeatureOutcome, Outcome, ScenarioOutcome, StepOutcome, Verdict};
    use crate::side::Side;
    use askama::Template;
    use std::time::Duration;

    fn outcome(verdict: Verdict) -> Outcome {
        let (at, what) = (jiff::Timestamp::UNIX_EPOCH, "stopped".to_owned());
        let deed = Entry::Deed { at, to: Side::A, what };
        let step = StepOutcome {
            keyword: "Given".to_owned(),
            text: "a <b>step</b>".to_owned(),
            attached: "{\"a\": \"body\"}".to_owned(),
            verdict,
            took: Duration::from_micros(1500),
        };
        let scenario = ScenarioOutcome {
            name: "the scenario".to_owned(),
            tags: vec!["scopes".to_owned()],
            took: Duration::from_millis(20),
            steps: vec![step],
            trouble: None,
            evidence: Evidence { entries: vec![deed], ..Evidence::default() },
        };
        let (name, description) = ("the feature".to_owned(), "what it is about".to_owned());
        let features = vec![FeatureOutcome { name, description, scenarios: vec![scenario] }];
        Outcome { features, ..Outcome::default() }
    }

    #[test]
    fn the_page_is_complete_in_itself_and_escapes_what_it_shows() {
        let outcome = outcome(Verdict::Passed);
        let html = Page::new(&outcome, 3).render().unwrap();
        for part in ["the feature", "what it is about", "the scenario", "body", "1.5 ms", "@scopes", "<svg"] {
            assert!(html.contains(part), "no {part}");
        }
        for part in ["<b>step", "<script", "src=", "<link", "@import"] {
            assert!(!html.contains(part), "has {part}");
        }
    }

    #[test]
    fn a_failure_is_told_with_its_reason() {
        let outcome = outcome(Verdict::Failed("expected 200, found 401".to_owned()));
        let page = Page::new(&outcome, 0);
        let json = serde_json::to_value(&page).unwrap();
        assert_eq!((json["passed"].as_u64(), json["failed"].as_u64()), (Some(0), Some(1)));
        assert_eq!(json["features"][0]["scenarios"][0]["steps"][0]["why"], "expected 200, found 401");
        assert!(page.render().unwrap().contains("expected 200, found 401"));
    }

    #[test]
    fn numbers_are_for_reading() {
        assert_eq!(
            (milliseconds(0), milliseconds(9_950), milliseconds(12_345)),
            ("0.0 ms".into(), "9.9 ms".into(), "12 ms".into())
        );
        assert_eq!(mebibytes(10 * 1024 + 512), "10.5 MiB");
    }
}
