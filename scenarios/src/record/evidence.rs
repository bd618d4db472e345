use super::journal::Entry;
use super::log::LogLine;
use crate::side::Pair;

/// What happened during one scenario: what the tester did, and what both companies logged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    /// What the tester did.
    pub(crate) entries: Vec<Entry>,
    /// What the companies logged.
    pub(crate) logs: Pair<Vec<LogLine>>,
}
