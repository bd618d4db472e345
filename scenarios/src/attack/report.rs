//! The report of an attack: a page for people, JUnit XML and JSON for tools. None of them holds a token.

use super::campaign::Shot;
use super::tally::Tally;
use crate::error::CannotRun;
use askama::Template;
use bridge_testkit::attacks::Policy;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The directory of a report.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
}

impl Files {
    /// Makes the directory.
    pub(super) fn create(directory: &Path) -> Result<Self, CannotRun> {
        fs::create_dir_all(directory).map_err(CannotRun::system(format!("make {}", directory.display())))?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The page for people.
    pub(super) fn page(&self) -> PathBuf {
        self.directory.join("index.html")
    }
}

/// Writes `index.html`, `junit.xml` and `report.json`.
pub(super) fn write(files: &Files, target: &str, policy: &Policy, shots: &[Shot]) -> Result<(), CannotRun> {
    let report = Report::new(target, policy, shots);
    let json = serde_json::to_string_pretty(&report).map_err(|error| CannotRun::Tester(error.to_string()))?;
    let junit = JUnit { report: &report }.render()?;
    for (name, text) in [("index.html", report.render()?), ("junit.xml", junit), ("report.json", json)] {
        let path = files.directory.join(name);
        fs::write(&path, text).map_err(CannotRun::system(format!("write {}", path.display())))?;
    }
    Ok(())
}

/// What the report says.
#[derive(Debug, Template, Serialize)]
#[template(path = "attack.html")]
struct Report<'s> {
    target: &'s str,
    issuer: &'s str,
    audience: &'s str,
    tally: Tally,
    sections: Vec<Section<'s>>,
}

/// The shots of one algorithm and topic, such as `es256/signature`.
#[derive(Debug, Serialize)]
struct Section<'s> {
    name: &'s str,
    tally: Tally,
    shots: &'s [Shot],
}

#[derive(Debug, Template)]
#[template(path = "attack.xml")]
struct JUnit<'r, 's> {
    report: &'r Report<'s>,
}

impl<'s> Report<'s> {
    fn new(target: &'s str, policy: &'s Policy, shots: &'s [Shot]) -> Self {
        let topics = shots.chunk_by(|one, next| topic(one) == topic(next));
        let sections = topics.map(|shots| Section { name: topic(&shots[0]), tally: Tally::of(shots), shots });
        let (issuer, audience) = (&policy.issuer, &policy.audience);
        Self { target, issuer, audience, tally: Tally::of(shots), sections: sections.collect() }
    }

    fn count(&self) -> usize {
        self.sections.iter().map(|section| section.shots.len()).sum()
    }

    fn failures(&self) -> usize {
        self.count() - self.tally.right
    }

    fn seconds(&self) -> String {
        seconds(self.sections.iter().flat_map(|section| section.shots))
    }

    /// Every shot with a fault.
    fn faulty(&self) -> impl Iterator<Item = &Shot> {
        self.sections.iter().flat_map(|section| section.shots).filter(|shot| !shot.faults.is_empty())
    }
}

impl Section<'_> {
    fn failures(&self) -> usize {
        self.shots.len() - self.tally.right
    }

    fn seconds(&self) -> String {
        seconds(self.shots)
    }
}

impl Shot {
    fn seconds(&self) -> String {
        seconds([self])
    }

    fn found(&self) -> String {
        let status = self.status.map_or("no answer".to_owned(), |status| status.to_string());
        let code = self.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
        status + &code
    }
}

fn topic(shot: &Shot) -> &str {
    shot.id.rsplit_once('/').map_or(shot.id.as_str(), |(topic, _)| topic)
}

fn seconds<'s>(shots: impl IntoIterator<Item = &'s Shot>) -> String {
    let micros: u64 = shots.into_iter().map(|shot| shot.took_us).sum();
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::{JUnit, Report};
    use crate::attack::campaign::Shot;
    use askama::Template;
    use bridge_testkit::attacks::{Basis, Fault, Policy};

    fn shot(id: &str, faults: Vec<Fault>) -> Shot {
        Shot {
            id: id.to_owned(),
            title: "the <b>title</b>".to_owned(),
            clause: "RFC 7515 §5.2",
            basis: Basis::Standard,
            expected: "signature_invalid",
            status: Some(200),
            code: None,
            correlation_id: None,
            pause: None,
            secrets: Vec::new(),
            took_us: 1_500_000,
            faults,
        }
    }

    fn policy() -> Policy {
        Policy {
            issuer: "https://issuer.example".to_owned(),
            audience: "https://api.example".to_owned(),
            algorithms: Vec::new(),
            client: "c".to_owned(),
            scopes: Vec::new(),
            limited_client: None,
            required_scope: "read".to_owned(),
            leeway: 30,
            max_lifetime: None,
            status_list: None,
            foreign: None,
        }
    }

    #[test]
    fn names_each_fault_with_its_clause_and_escapes_what_it_shows() {
        let shots = [
            shot("es256/signature/a", vec![]),
            shot("es256/signature/b", vec![Fault::WrongAccept { status: 200 }]),
            shot("es256/time/c", vec![]),
        ];
        let policy = policy();
        let report = Report::new("https://api.example", &policy, &shots);
        assert_eq!((report.sections.len(), report.count(), report.failures()), (2, 3, 1));
        let (page, junit) = (report.render().unwrap(), JUnit { report: &report }.render().unwrap());
        for text in [&page, &junit] {
            assert!(text.contains("es256/signature/b") && text.contains("wrong accept: served with 200"), "{text}");
            assert!(text.contains("RFC 7515 §5.2") && !text.contains("<b>title"), "{text}");
        }
        assert!(junit.contains(r#"tests="3" failures="1" time="4.500000""#), "{junit}");
        for part in ["<script", "src=", "<link", "@import"] {
            assert!(!page.contains(part), "has {part}");
        }
    }
}
