use super::toml_file;
use crate::error::CannotRun;
use crate::side::Side;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Table;

/// The trust policies that a scenario has edited, with their texts from before.
#[derive(Debug, Default)]
pub(crate) struct EditedPolicies {
    before: BTreeMap<Policy, String>,
    restored: u32,
}

/// One trust policy: a file of one company about another party.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Policy {
    /// The company that trusts.
    pub(crate) holder: Side,
    /// The name of the policy.
    pub(crate) name: String,
    /// The file.
    pub(crate) path: PathBuf,
}

impl EditedPolicies {
    /// Changes a policy.
    pub(crate) fn edit(&mut self, policy: &Policy, change: impl FnOnce(&mut Table)) -> Result<(), CannotRun> {
        self.remember(policy)?;
        let mut table = toml_file::read(&policy.path)?;
        change(&mut table);
        toml_file::write(&policy.path, &table)
    }

    /// Replaces the text of a policy, which need not make sense.
    pub(crate) fn replace(&mut self, policy: &Policy, text: &str) -> Result<(), CannotRun> {
        self.remember(policy)?;
        toml_file::replace(&policy.path, text)
    }

    /// The policies that differ from what they were.
    pub(crate) fn policies(&self) -> Vec<Policy> {
        self.before.keys().cloned().collect()
    }

    /// Gives a policy its text from before. A comment makes it an edit like any other, which its company reports.
    pub(crate) fn restore(&mut self, policy: &Policy) -> Result<(), CannotRun> {
        let Some(text) = self.before.remove(policy) else { return Ok(()) };
        self.restored += 1;
        toml_file::replace(&policy.path, &format!("{text}\n# restored, {}\n", self.restored))
    }

    fn remember(&mut self, policy: &Policy) -> Result<(), CannotRun> {
        if !self.before.contains_key(policy) {
            let read = std::fs::read_to_string(&policy.path);
            let text = read.map_err(CannotRun::system(format!("read {}", policy.path.display())))?;
            self.before.insert(policy.clone(), text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{EditedPolicies, Policy};
    use crate::side::Side;

    #[test]
    fn restores_the_text_from_before_the_first_edit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.toml");
        std::fs::write(&path, "enabled = true # by us\n").unwrap();
        let policy = Policy { holder: Side::A, name: "p".to_owned(), path: path.clone() };
        let mut edited = EditedPolicies::default();
        edited.edit(&policy, |table| drop(table.insert("enabled".to_owned(), false.into()))).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "enabled = false\n");
        edited.replace(&policy, "nonsense").unwrap();
        edited.restore(&policy).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("enabled = true # by us\n"));
        assert!(edited.policies().is_empty());
    }
}
