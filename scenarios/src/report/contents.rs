use super::page::ScenarioView;

/// One line of the contents: a story, and each row of examples in which it was played.
#[derive(Debug)]
pub(super) struct Entry<'o> {
    /// What the names of its scenarios have in common.
    pub(super) story: &'o str,
    /// Its scenarios.
    pub(super) rows: Vec<Row<'o>>,
}

/// One scenario of a story.
#[derive(Debug)]
pub(super) struct Row<'o> {
    /// What tells it from the other ones, such as `A → B`.
    pub(super) label: &'o str,
    /// Where it stands in the page.
    pub(super) id: String,
    /// How it went.
    pub(super) passed: bool,
    /// How long it took.
    pub(super) took: String,
}

impl Entry<'_> {
    /// True when the story passed in every row.
    pub(super) fn passed(&self) -> bool {
        self.rows.iter().all(|row| row.passed)
    }
}

/// The contents of a feature. Scenarios whose names differ only in the last parentheses are one story.
pub(super) fn contents<'o>(scenarios: &[ScenarioView<'o>]) -> Vec<Entry<'o>> {
    let mut entries: Vec<Entry<'o>> = Vec::new();
    for scenario in scenarios {
        let (story, label) = split(scenario.name);
        let row = Row { label, id: scenario.id.clone(), passed: scenario.passed, took: scenario.took() };
        match entries.iter_mut().find(|entry| entry.story == story) {
            Some(entry) => entry.rows.push(row),
            None => entries.push(Entry { story, rows: vec![row] }),
        }
    }
    entries
}

fn split(name: &str) -> (&str, &str) {
    let parts = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
    parts.unwrap_or((name, "scenario"))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_name_is_a_story_and_its_row() {
        assert_eq!(split("A token opens the API (A → B)"), ("A token opens the API", "A → B"));
        assert_eq!(split("It works (really) at last"), ("It works (really) at last", "scenario"));
    }
}
