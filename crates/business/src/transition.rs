use bridge_validator::Problem;
use std::fmt;

/// Something that cannot have happened to a thing in its present state, for instance after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IllegalTransition {
    thing: &'static str,
    status: &'static str,
    event: &'static str,
}

impl IllegalTransition {
    /// What it is, with its article; how far it is; what was said to have happened.
    pub fn new(thing: &'static str, status: &'static str, event: &'static str) -> Self {
        Self { thing, status, event }
    }
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} that is {} cannot be {}", self.thing, self.status, self.event)
    }
}

impl From<IllegalTransition> for Problem {
    /// 409: the caller's picture of the thing is not ours.
    fn from(illegal: IllegalTransition) -> Self {
        Self::conflict(illegal.to_string())
    }
}
