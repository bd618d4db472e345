use crate::Surroundings;
use crate::cli::{List, Run, Target};
use crate::console::{self, Console};
use crate::error::CannotRun;
use crate::features::{self, ReadFeatures, Selection};
use crate::record::outcome::{FeatureOutcome, NotRun, Outcome};
use crate::record::scribe::{EvidenceBox, Scribe};
use crate::record::writers::Writers;
use crate::report;
use crate::stage::Stage;
use crate::stand::{Stand, binaries};
use bridge_types::{Clock, SystemClock};
use cucumber::gherkin::Feature;
use cucumber::{Cucumber, World as _, runner};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Plays the chosen scenarios and writes the report. True when all passed.
pub(crate) async fn run(run: &Run, surroundings: &Surroundings) -> Result<bool, CannotRun> {
    if run.target != Target::Processes {
        let problem =
            "the targets `containers` and `remote` are not available in this release; use `--target processes`";
        return Err(CannotRun::Request(problem.to_owned()));
    }
    let (chosen, left_out) = choose(run.tags.as_deref())?;
    let (clock, files) = (SystemClock::new(), report::Files::create(&run.report)?);
    let binaries = binaries::build(surroundings)?;
    console::doing("starting both companies");
    let began = clock.now();
    let stand = Arc::new(Stand::prepare(&surroundings.workspace, &binaries).await?);
    let played = tokio::select! {
        played = play(&stand, chosen, &files) => played,
        () = interrupted() => Err(CannotRun::Interrupted),
    };
    let measured = stand.stop().await;
    let features = played.inspect_err(|_| files.discard())?;
    let outcome = Outcome { began, took: clock.monotonic(), features, not_run: left_out, measured };
    report::write(&files, &outcome, &stand.journal)?;
    summarize(&outcome, &files);
    Ok(outcome.tally().1 == 0)
}

/// Lists the chosen scenarios.
pub(crate) fn list(list: &List) -> Result<(), CannotRun> {
    let (chosen, left_out) = choose(list.tags.as_deref())?;
    for feature in &chosen {
        console::say(&format_args!("{} {}", feature.name, hashtags(&feature.tags)));
        for scenario in &feature.scenarios {
            console::say(&format_args!("  {} {}", scenario.name, hashtags(&scenario.tags)));
        }
    }
    console::not_run(&left_out);
    Ok(())
}

fn hashtags(tags: &[String]) -> String {
    tags.iter().map(|tag| format!("@{tag}")).collect::<Vec<_>>().join(" ")
}

/// The features with the chosen scenarios, and what is left out.
fn choose(tags: Option<&str>) -> Result<(Vec<Feature>, Vec<NotRun>), CannotRun> {
    let selection = Selection::parse(tags)?;
    let (mut features, mut left_out) = (features::read()?, Vec::new());
    let all = count(&features);
    for feature in &mut features {
        let scenarios = std::mem::take(&mut feature.scenarios);
        feature.scenarios = scenarios.into_iter().filter(|scenario| selection.takes(feature, scenario)).collect();
    }
    features.retain(|feature| !feature.scenarios.is_empty());
    let missing = all - count(&features);
    if missing == all {
        let expression = tags.unwrap_or_default();
        return Err(CannotRun::Request(format!("no scenario has the tags `{expression}`; see `cargo scenarios list`")));
    }
    if missing > 0 {
        let (what, remedy) = match tags {
            Some(tags) => (format!("{missing} scenarios that `{tags}` does not choose"), "leave --tags out"),
            None => (format!("{missing} scenarios that take minutes"), "`--tags @soak`"),
        };
        left_out.push(NotRun { what, remedy: remedy.to_owned() });
    }
    let what = "the same scenarios against containers and against systems that somebody else runs".to_owned();
    left_out.push(NotRun {
        what,
        remedy: "`--target containers` and `--target remote` come in a later release".to_owned(),
    });
    Ok((features, left_out))
}

fn count(features: &[Feature]) -> usize {
    features.iter().map(|feature| feature.scenarios.len()).sum()
}

async fn play(
    stand: &Arc<Stand>,
    chosen: Vec<Feature>,
    files: &report::Files,
) -> Result<Vec<FeatureOutcome>, CannotRun> {
    stand.start().await?;
    let evidence = EvidenceBox::default();
    let scribe = Scribe::new(evidence.clone(), Console::new(count(&chosen)));
    let writer = Writers::new(scribe, files.junit()?, files.cucumber()?);
    let (entered, left) = (Arc::clone(stand), Arc::clone(stand));
    let runner = runner::Basic::default()
        .steps(Stage::collection())
        .max_concurrent_scenarios(1)
        .before(move |_, _, _, stage: &mut Stage| {
            stage.enter(Arc::clone(&entered));
            Box::pin(std::future::ready(()))
        })
        .after(move |_, _, scenario, _, stage: Option<&mut Stage>| {
            if let Some(stage) = stage {
                evidence.put(&scenario.name, stage.evidence());
            }
            Box::pin(restore(Arc::clone(&left)))
        });
    let cucumber = Cucumber::<Stage, _, _, _, _>::custom(ReadFeatures, runner, writer).with_default_cli();
    Ok(cucumber.run(chosen).await.finish())
}

#[expect(clippy::panic, reason = "this is how a hook tells cucumber that it failed")]
async fn restore(stand: Arc<Stand>) {
    if let Err(problem) = stand.restore().await {
        panic!("the stand could not be restored: {problem}");
    }
}

/// Resolves when somebody wants the run to end.
async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn summarize(outcome: &Outcome, files: &report::Files) {
    console::not_run(&outcome.not_run);
    for (side, measured) in outcome.measured.iter() {
        let first = measured.starts_ms.first().copied().unwrap_or_default();
        let (resident, peak) = (measured.resident_kib / 1024, measured.peak_kib / 1024);
        let name = side.name();
        console::say(&format_args!("{name}: served after {first} ms, {resident} MiB resident, {peak} MiB at most"));
    }
    console::say(&format_args!("report: {}", files.page().display()));
    let (passed, failed) = outcome.tally();
    console::say(&format_args!("{passed} passed, {failed} failed"));
}

#[cfg(test)]
mod tests {
    use super::{choose, count};
    use crate::features;

    #[test]
    fn what_is_not_chosen_is_said() {
        let all = features::read().unwrap();
        let (_, missing) = choose(None).unwrap();
        assert_eq!(missing.len(), 2, "what takes minutes, and the other targets");
        let (chosen, missing) = choose(Some("@policies")).unwrap();
        assert_eq!(
            missing[0].what,
            format!("{} scenarios that `@policies` does not choose", count(&all) - count(&chosen))
        );
    }

    #[test]
    fn a_run_of_nothing_is_refused() {
        assert!(choose(Some("@no-such-tag")).unwrap_err().to_string().contains("@no-such-tag"));
    }
}
