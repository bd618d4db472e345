use super::{Basis, Case, Code, Expected, Policy, Request, Stage};
use bridge_jose::Algorithm;
use std::fmt::Display;

/// A list of cases in the making.
#[derive(Debug)]
pub(super) struct Table<'p> {
    policy: &'p Policy,
    algorithm: Algorithm,
    section: &'static str,
    clause: &'static str,
    basis: Basis,
    cases: Vec<Case>,
}

impl<'p> Table<'p> {
    pub(super) fn new(policy: &'p Policy, algorithm: Algorithm) -> Self {
        Self { policy, algorithm, section: "", clause: "", basis: Basis::Standard, cases: Vec::new() }
    }

    /// What the target was told.
    pub(super) fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// The algorithm of the keys.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Names the section and the clause of the cases that follow.
    pub(super) fn section(&mut self, name: &'static str, clause: &'static str) {
        self.section = name;
        self.clause(clause);
    }

    /// Names the clause of the cases that follow.
    pub(super) fn clause(&mut self, clause: &'static str) {
        self.clause = clause;
        self.basis = Basis::Standard;
    }

    /// Names the clause of the cases that follow, in which Bridge is stricter than the standards.
    pub(super) fn profile(&mut self, clause: &'static str) {
        self.clause = clause;
        self.basis = Basis::Profile;
    }

    /// A request that is served.
    pub(super) fn allow<R: Into<Request>>(
        &mut self,
        name: impl Display,
        title: impl Into<String>,
        forge: impl Fn(&Stage<'_>) -> R + Send + Sync + 'static,
    ) {
        self.push(Expected::Allow, &name, title.into(), forge);
    }

    /// A request that is refused.
    pub(super) fn deny<R: Into<Request>>(
        &mut self,
        code: Code,
        name: impl Display,
        title: impl Into<String>,
        forge: impl Fn(&Stage<'_>) -> R + Send + Sync + 'static,
    ) {
        self.push(Expected::Deny(code), &name, title.into(), forge);
    }

    fn push<R: Into<Request>>(
        &mut self,
        expected: Expected,
        name: &dyn Display,
        title: String,
        forge: impl Fn(&Stage<'_>) -> R + Send + Sync + 'static,
    ) {
        let (algorithm, clause, basis) = (self.algorithm, self.clause, self.basis);
        let id = format!("{}/{}/{name}", algorithm.as_str().to_ascii_lowercase(), self.section);
        let forge = Box::new(move |stage: &Stage<'_>| forge(stage).into());
        self.cases.push(Case { id, title, clause, algorithm, basis, expected, forge });
    }

    /// The list.
    pub(super) fn into_cases(self) -> Vec<Case> {
        self.cases
    }
}
