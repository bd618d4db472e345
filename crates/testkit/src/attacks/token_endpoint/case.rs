use super::TokenRequest;
use super::request::Form;
use crate::attacks::{Basis, Case, Expected, Policy, Stage, World};
use bridge_jose::Algorithm;
use jiff::Timestamp;
use std::fmt::{self, Display};

/// A request to the token endpoint and what it deserves.
pub struct TokenCase {
    id: String,
    title: String,
    clause: &'static str,
    algorithm: Algorithm,
    basis: Basis,
    expected: TokenExpected,
    forge: Box<Forging>,
}

type Forging = dyn Fn(&Stage<'_>) -> Vec<TokenRequest> + Send + Sync;

/// What a request to the token endpoint deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenExpected {
    /// A token.
    Issued,
    /// A refusal (RFC 6749 §5.2).
    Refused {
        /// `error`; empty where HTTP alone answers.
        error: &'static str,
        /// The HTTP status.
        status: u16,
    },
}

pub(super) const INVALID_CLIENT: TokenExpected = TokenExpected::Refused { error: "invalid_client", status: 401 };
pub(super) const INVALID_REQUEST: TokenExpected = TokenExpected::Refused { error: "invalid_request", status: 400 };
pub(super) const INVALID_SCOPE: TokenExpected = TokenExpected::Refused { error: "invalid_scope", status: 400 };
pub(super) const INVALID_TARGET: TokenExpected = TokenExpected::Refused { error: "invalid_target", status: 400 };
pub(super) const UNSUPPORTED_GRANT: TokenExpected =
    TokenExpected::Refused { error: "unsupported_grant_type", status: 400 };

impl TokenCase {
    /// The stable name, such as `es256/assertion/claims/jti-replayed`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// One sentence: what is wrong with the request, or why it is right.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The clause that the target breaks when it decides otherwise.
    pub fn clause(&self) -> &'static str {
        self.clause
    }

    /// The algorithm of the client's keys.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the standards or Bridge's own profile ask for it.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// What the last request deserves. Those before it each get a token.
    pub fn expected(&self) -> TokenExpected {
        self.expected
    }

    /// The requests in their order, made for this moment. Never empty.
    pub fn forge(&self, world: &World, now: Timestamp) -> Vec<TokenRequest> {
        (self.forge)(&Stage::new(world, self.algorithm, &self.id, now))
    }
}

impl fmt::Debug for TokenCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenCase({} {:?})", self.id, self.expected)
    }
}

/// A list of cases for the token endpoint in the making.
#[derive(Debug)]
pub(super) struct Desk<'p> {
    policy: &'p Policy,
    algorithm: Algorithm,
    section: &'static str,
    clause: &'static str,
    basis: Basis,
    cases: Vec<TokenCase>,
}

impl<'p> Desk<'p> {
    pub(super) fn new(policy: &'p Policy, algorithm: Algorithm) -> Self {
        Self { policy, algorithm, section: "", clause: "", basis: Basis::Standard, cases: Vec::new() }
    }

    /// What the target was told.
    pub(super) fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// Names the section and the clause of the cases that follow.
    pub(super) fn section(&mut self, name: &'static str, clause: &'static str) {
        self.section = name;
        self.clause = clause;
        self.basis = Basis::Standard;
    }

    /// Says that Bridge is stricter than the standards in the cases that follow, or has a limit of its own.
    pub(super) fn profile(&mut self) {
        self.basis = Basis::Profile;
    }

    /// Says that the standards ask for the cases that follow.
    pub(super) fn standard(&mut self) {
        self.basis = Basis::Standard;
    }

    /// Requests, the last of which deserves this.
    pub(super) fn requests(
        &mut self,
        expected: TokenExpected,
        name: impl Display,
        title: impl Into<String>,
        forge: impl Fn(&Stage<'_>) -> Vec<TokenRequest> + Send + Sync + 'static,
    ) {
        let (algorithm, basis) = (self.algorithm, self.basis);
        let id = format!("{}/{}/{name}", algorithm.as_str().to_ascii_lowercase(), self.section);
        let forge = Box::new(forge);
        self.cases.push(TokenCase { id, title: title.into(), clause: self.clause, algorithm, basis, expected, forge });
    }

    /// One request.
    pub(super) fn request<R: Into<TokenRequest>>(
        &mut self,
        expected: TokenExpected,
        name: impl Display,
        title: impl Into<String>,
        forge: impl Fn(&Stage<'_>) -> R + Send + Sync + 'static,
    ) {
        self.requests(expected, name, title, move |stage| vec![forge(stage).into()]);
    }

    /// A good request with this assertion.
    pub(super) fn assertion(
        &mut self,
        expected: TokenExpected,
        name: impl Display,
        title: impl Into<String>,
        forge: impl Fn(&Stage<'_>) -> String + Send + Sync + 'static,
    ) {
        self.request(expected, name, title, move |stage| Form::with(stage, forge(stage)));
    }

    /// Takes cases for tokens over: their defects are those of assertions too.
    pub(super) fn adopt(&mut self, cases: impl Iterator<Item = Case>) {
        for case in cases {
            let (algorithm, rest) = case.id.split_once('/').unwrap_or(("", &case.id));
            let id = format!("{algorithm}/assertion/{rest}");
            let expected = if case.expected == Expected::Allow { TokenExpected::Issued } else { INVALID_CLIENT };
            let (title, clause, algorithm, basis, token) =
                (case.title, case.clause, case.algorithm, case.basis, case.forge);
            let forge = Box::new(move |stage: &Stage<'_>| {
                let assertion = token(stage).bearer.unwrap_or_default();
                vec![Form::with(stage, assertion).into()]
            });
            self.cases.push(TokenCase { id, title, clause, algorithm, basis, expected, forge });
        }
    }

    /// The list.
    pub(super) fn into_cases(self) -> Vec<TokenCase> {
        self.cases
    }
}
