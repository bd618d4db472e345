//! `docs/verification.md` names nothing that is not there, and leaves out no reason and no section of the corpus.

use crate::settings;
use bridge_jose::Algorithm;
use bridge_testkit::attacks::token_endpoint::{self, TokenExpected};
use bridge_testkit::attacks::{Expected, resource_server};
use bridge_validator::Reason;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn repository(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

/// Every file with this extension below a directory of the repository, but for what is built or begins with a dot.
fn texts(directory: &Path, extension: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            if name != "target" && !name.starts_with('.') {
                texts(&path, extension, found);
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The names of all functions that are marked as tests.
fn tests() -> BTreeSet<String> {
    let mut sources = Vec::new();
    texts(&repository(""), "rs", &mut sources);
    let mut names = BTreeSet::new();
    for source in &sources {
        let mut marked = false;
        for line in source.lines().map(str::trim) {
            let function =
                line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            match function {
                Some(name) if marked => drop(names.insert(name.to_owned())),
                _ => {}
            }
            // Attributes, and the opening of a body that `proptest!` wraps around, keep the mark.
            marked = line.starts_with("#[") && (marked || line.contains("test]") || line.contains("test("));
        }
    }
    names
}

/// The cases of the corpus, as the page names them: without their algorithm, and those of a token endpoint with its name.
/// And what each deserves: the word of its refusal, or nothing.
fn cases() -> BTreeMap<String, &'static str> {
    let bare = |id: &str| id.split_once('/').unwrap().1.to_owned();
    let (route, desk) = (settings::resource_server(), settings::token_endpoint());
    let mut cases = BTreeMap::new();
    for algorithm in Algorithm::ALL {
        for case in resource_server::cases(&route, algorithm) {
            let word = if let Expected::Deny(code) = case.expected() { code.as_str() } else { "" };
            cases.insert(bare(case.id()), word);
        }
        for case in token_endpoint::cases(&desk, algorithm) {
            let word = if let TokenExpected::Refused { error, .. } = case.expected() { error } else { "" };
            cases.insert(format!("token-endpoint/{}", bare(case.id())), word);
        }
    }
    cases
}

/// The cells of each row of the tables.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    rows.map(|row| row.trim_matches('|').split('|').collect()).collect()
}

/// What stands in backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The last cell of each row: what proves the rule.
fn proofs(page: &str) -> Vec<&str> {
    rows(page).iter().flat_map(|row| names(row.last().unwrap())).collect()
}

fn is_there(name: &str, tests: &BTreeSet<String>, cases: &BTreeMap<String, &str>, scenarios: &[String]) -> bool {
    if let Some(scenario) = name.strip_prefix("scenario: ") {
        let has = |line: &str| line.trim().split_once(": ").is_some_and(|(_, title)| title.starts_with(scenario));
        return scenarios.iter().any(|feature| feature.lines().any(has));
    }
    if let Some(target) = name.strip_prefix("fuzz: ") {
        return repository(&format!("fuzz/fuzz_targets/{target}.rs")).exists();
    }
    match name.strip_suffix('*') {
        Some(start) => cases.keys().any(|case| case.starts_with(start)),
        None => tests.contains(name) || cases.contains_key(name),
    }
}

#[test]
fn every_proof_on_the_page_about_verification_exists() {
    let page = std::fs::read_to_string(repository("docs/verification.md")).unwrap();
    let (tests, cases, mut scenarios) = (tests(), cases(), Vec::new());
    texts(&repository("scenarios/features"), "feature", &mut scenarios);
    let proofs = proofs(&page);
    assert!(proofs.len() >= 150, "{}", proofs.len());
    let missing: Vec<_> = proofs.iter().filter(|name| !is_there(name, &tests, &cases, &scenarios)).collect();
    assert!(missing.is_empty(), "docs/verification.md names what does not exist: {missing:#?}");
}

#[test]
fn the_page_about_verification_leaves_nothing_out() {
    let page = std::fs::read_to_string(repository("docs/verification.md")).unwrap();
    let codes = Reason::ALL.map(|reason| reason.outward().code);
    let unsaid: Vec<_> = codes.iter().filter(|code| !page.contains(&format!("`{code}`"))).collect();
    assert!(unsaid.is_empty(), "no rule gives {unsaid:?}");
    let proofs = proofs(&page);
    let section = |case: &String| case.rsplit_once('/').unwrap().0.to_owned();
    let sections: BTreeSet<String> = cases().keys().map(section).collect();
    let used = |section: &String| proofs.iter().any(|name| name.starts_with(&format!("{section}/")));
    let unused: Vec<_> = sections.iter().filter(|section| !used(section)).collect();
    assert!(unused.is_empty(), "no rule is proved by {unused:?}");
}

#[test]
fn each_rule_on_the_page_about_verification_is_proved_by_cases_that_are_refused_for_it() {
    let page = std::fs::read_to_string(repository("docs/verification.md")).unwrap();
    let (cases, mut wrong, mut compared) = (cases(), Vec::new(), 0);
    for row in rows(&page).iter().filter(|row| row.len() == 4) {
        let codes: Vec<_> = names(row[1]).collect();
        for (name, word) in names(row[3]).filter_map(|name| cases.get_key_value(name)) {
            compared += 1;
            if !word.is_empty() && !codes.contains(word) {
                wrong.push(format!("{name} is refused for {word}, and the rule{}says {codes:?}", row[0]));
            }
        }
    }
    assert!(compared >= 150, "{compared}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
