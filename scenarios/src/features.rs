use crate::error::CannotRun;
use cucumber::feature::Ext as _;
use cucumber::gherkin::tagexpr::TagOperation;
use cucumber::gherkin::{Feature, GherkinEnv, Scenario};
use cucumber::parser::{self, Parser};
use cucumber::tag::Ext as _;
use futures_util::stream;
use std::path::PathBuf;

macro_rules! features {
    ($($name:literal),* $(,)?) => {
        /// The feature texts, in the order in which they run. They are part of the binary, so that a partner needs
        /// nothing else.
        pub(crate) const TEXTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../features/", $name, ".feature")))),*];
    };
}

features!(
    "01-business",
    "02-tokens",
    "03-scopes",
    "04-audiences",
    "05-issuers",
    "06-policies",
    "07-assertions",
    "08-outages",
    "09-writes",
    "10-operators",
    "09-attack",
    "11-rotation",
    "12-revocation",
    "13-sidecar",
    "13-workload",
    "99-secrets",
);

/// Reads every feature, with one scenario for each row of examples.
pub(crate) fn read() -> Result<Vec<Feature>, CannotRun> {
    TEXTS.iter().map(|(name, text)| parse(name, text)).collect()
}

fn parse(name: &str, text: &str) -> Result<Feature, CannotRun> {
    let broken = |problem: String| CannotRun::Features(format!("{name}.feature: {problem}"));
    let feature = Feature::parse(text, GherkinEnv::default()).map_err(|error| broken(error.to_string()))?;
    let mut feature = feature.expand_examples().map_err(|error| broken(error.to_string()))?;
    feature.path = Some(PathBuf::from(format!("scenarios/features/{name}.feature")));
    Ok(feature)
}

/// The tag of scenarios that take minutes: they are played only when an expression names it.
const SOAK: &str = "soak";

/// Chooses scenarios by their tags and those of their feature.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    expression: Option<TagOperation>,
    soak: bool,
}

impl Selection {
    /// Reads a tag expression such as `@scopes and not @restart`.
    pub(crate) fn parse(expression: Option<&str>) -> Result<Self, CannotRun> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                let expected =
                    "expected tags with `and`, `or`, `not` and parentheses, such as `@scopes and not @restart`";
                CannotRun::Request(format!("invalid tag expression: {expected}, found `{text}`"))
            })
        };
        let soak = expression.is_some_and(|text| text.contains(SOAK));
        Ok(Self { expression: expression.map(parse).transpose()?, soak })
    }

    /// True when the scenario is chosen.
    pub(crate) fn takes(&self, feature: &Feature, scenario: &Scenario) -> bool {
        let tags: Vec<&String> = feature.tags.iter().chain(&scenario.tags).collect();
        (self.soak || tags.iter().all(|tag| *tag != SOAK))
            && self.expression.as_ref().is_none_or(|expression| expression.eval(tags))
    }
}

/// Gives features that are read already to cucumber.
#[derive(Debug)]
pub(crate) struct ReadFeatures;

impl Parser<Vec<Feature>> for ReadFeatures {
    type Cli = cucumber::cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, features: Vec<Feature>, _: Self::Cli) -> Self::Output {
        stream::iter(features.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::{Selection, TEXTS, parse, read};
    use crate::stage::Stage;
    use cucumber::World;

    const TEXT: &str = "@all\nFeature: f\n  @x\n  Scenario Outline: <c>\n    Given <c>\n    Examples:\n      | c |\n      | A |\n      | B |\n  @y\n  Scenario: s\n    Given s\n";

    fn chosen(expression: &str) -> Vec<String> {
        let (feature, selection) = (parse("t", TEXT).unwrap(), Selection::parse(Some(expression)).unwrap());
        let taken = feature.scenarios.iter().filter(|scenario| selection.takes(&feature, scenario));
        taken.map(|scenario| scenario.name.clone()).collect()
    }

    #[test]
    fn tags_choose_scenarios() {
        assert_eq!(chosen("@all"), ["A", "B", "s"]);
        assert_eq!(chosen("@x"), ["A", "B"]);
        assert_eq!(chosen("@all and not @x"), ["s"]);
        assert_eq!(chosen("(@x or @y) and @none"), [""; 0]);
        let long = TEXT.replace("@y", "@y @soak");
        let feature = parse("t", &long).unwrap();
        for (expression, scenarios) in [(None, 2), (Some("@all"), 2), (Some("@y"), 0), (Some("@soak"), 1)] {
            let selection = Selection::parse(expression).unwrap();
            let taken = feature.scenarios.iter().filter(|scenario| selection.takes(&feature, scenario));
            assert_eq!(taken.count(), scenarios, "{expression:?}");
        }
    }

    #[test]
    fn refuses_a_broken_tag_expression() {
        let problem = Selection::parse(Some("@x and")).unwrap_err().to_string();
        assert!(problem.contains("found `@x and`"), "{problem}");
    }

    #[test]
    fn every_feature_file_is_part_of_the_binary() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/features");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut listed: Vec<&str> = TEXTS.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(files, listed);
    }

    #[test]
    fn every_step_is_played_by_exactly_one_function() {
        let code = Stage::collection();
        for feature in read().unwrap() {
            let background = feature.background.iter().flat_map(|background| &background.steps);
            for step in background.chain(feature.scenarios.iter().flat_map(|scenario| &scenario.steps)) {
                let found = code.find(step).unwrap_or_else(|ambiguous| panic!("{}: {ambiguous}", step.value));
                assert!(found.is_some(), "{}: no function plays `{} {}`", feature.name, step.keyword, step.value);
            }
        }
    }

    #[test]
    fn every_feature_can_be_read_and_no_two_scenarios_share_a_name() {
        let features = read().unwrap();
        let mut names: Vec<&str> =
            features.iter().flat_map(|feature| &feature.scenarios).map(|scenario| scenario.name.as_str()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a scenario's name tells it from the others, examples included");
    }
}
