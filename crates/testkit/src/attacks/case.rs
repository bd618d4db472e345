use super::{Code, Stage, World};
use bridge_jose::Algorithm;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;

/// One request and what it deserves.
pub struct Case {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) clause: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) basis: Basis,
    pub(super) expected: Expected,
    pub(super) forge: Box<Forging>,
}

pub(super) type Forging = dyn Fn(&Stage<'_>) -> Request + Send + Sync;

/// On what ground a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The standards: whoever decides otherwise breaks the clause.
    Standard,
    /// Bridge's profile, which is stricter than the standards, or a local limit.
    Profile,
}

/// What a request deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It is served.
    Allow,
    /// It is refused for this reason.
    Deny(Code),
}

/// How a request looks where it differs from a plain call of the route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Request {
    /// A token that is presented in the ordinary way: one header `Authorization: Bearer TOKEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<String>,
    /// Headers, each as it is sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The query of the URL, encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// A body that is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Body {
    /// `Content-Type`.
    pub content_type: String,
    /// The text.
    pub text: String,
}

impl Case {
    /// The stable name, such as `es256/signature/r-zero`.
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

    /// The algorithm of the keys.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the standards or Bridge's own profile ask for it.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// What the request deserves.
    pub fn expected(&self) -> Expected {
        self.expected
    }

    /// The request, made for this moment.
    pub fn forge(&self, world: &World, now: Timestamp) -> Request {
        (self.forge)(&Stage::new(world, self.algorithm, &self.id, now))
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({} {:?})", self.id, self.expected)
    }
}

impl Request {
    /// A request with exactly these headers.
    pub fn with_headers<'h>(headers: impl IntoIterator<Item = (&'h str, String)>) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { headers, ..Self::default() }
    }

    /// Every header to send, in order, without `Content-Type`.
    pub fn header_lines(&self) -> Vec<(String, String)> {
        let bearer = self.bearer.iter().map(|token| ("Authorization".to_owned(), format!("Bearer {token}")));
        bearer.chain(self.headers.iter().cloned()).collect()
    }
}

impl From<String> for Request {
    /// The ordinary way to present a token (RFC 6750 §2.1).
    fn from(token: String) -> Self {
        Self { bearer: Some(token), ..Self::default() }
    }
}
