use super::outcome::FeatureOutcome;
use super::scribe::Scribe;
use crate::stage::Stage;
use cucumber::event::Cucumber;
use cucumber::writer::{JUnit, Json, Normalized, Verbosity, junit};
use cucumber::{Event, Writer, cli, parser};
use std::fs::File;

/// Everyone who listens to cucumber: our scribe, and the writers of the two formats that other tools read.
///
/// Scenarios run one after the other, so events come in order as they are.
#[derive(Debug)]
pub(crate) struct Writers {
    scribe: Scribe,
    junit: JUnit<Stage, File>,
    cucumber: Json<File>,
}

impl Writers {
    /// The listeners, with the files that two of them write.
    pub(crate) fn new(scribe: Scribe, junit: File, cucumber: File) -> Self {
        Self { scribe, junit: JUnit::raw(junit, Verbosity::Default), cucumber: Json::raw(cucumber) }
    }

    /// What the scribe has written down.
    pub(crate) fn finish(self) -> Vec<FeatureOutcome> {
        self.scribe.finish()
    }
}

impl Writer<Stage> for Writers {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<Cucumber<Stage>>>, options: &cli::Empty) {
        if let Ok(event) = &event {
            self.scribe.hear(event);
        }
        self.junit.handle_event(event.clone(), &junit::Cli::default()).await;
        self.cucumber.handle_event(event, options).await;
    }
}

impl Normalized for Writers {}
