//! What the runner says on the terminal. Progress and complaints go to standard error, results to standard output.

use crate::error::CannotRun;
use crate::record::outcome::{NotRun, ScenarioOutcome};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// Shows how far a run is: a bar on a terminal, one line for each scenario elsewhere.
#[derive(Debug)]
pub(crate) struct Console {
    bar: Option<ProgressBar>,
    silent: bool,
}

impl Console {
    /// A console for a number of scenarios.
    pub(crate) fn new(scenarios: usize) -> Self {
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}");
        let bar = || {
            let bar = ProgressBar::new(u64::try_from(scenarios).unwrap_or(u64::MAX));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        };
        Self { bar: std::io::stderr().is_terminal().then(bar), silent: false }
    }

    /// A console that says nothing.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self { bar: None, silent: true }
    }

    /// A scenario begins.
    pub(crate) fn begin(&self, scenario: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(scenario.to_owned());
        }
    }

    /// A scenario has ended.
    pub(crate) fn end(&self, scenario: &ScenarioOutcome) {
        let verdict = if scenario.passed() { "ok    " } else { "FAILED" };
        let problem = scenario.problem().map(|problem| format!("\n{problem}").replace('\n', "\n       "));
        let problem = problem.unwrap_or_default();
        let text = format!("{verdict} {:>6} ms  {}{problem}", scenario.took.as_millis(), scenario.name);
        match &self.bar {
            None if self.silent => {}
            None => say(&text),
            Some(bar) => {
                bar.inc(1);
                if !scenario.passed() {
                    bar.println(text);
                }
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Says what was not played, and how to get it played.
pub(crate) fn not_run(parts: &[NotRun]) {
    for part in parts {
        say(&format_args!("not run: {}: {}", part.what, part.remedy));
    }
}

/// Prints a line of results.
pub(crate) fn say(line: &impl Display) {
    // Nobody is left to be told when standard output is gone.
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Says what is being done, to whoever watches.
pub(crate) fn doing(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Says why the scenarios could not be run.
pub(crate) fn complain(problem: &CannotRun) {
    drop(writeln!(std::io::stderr().lock(), "error: {problem}"));
}
