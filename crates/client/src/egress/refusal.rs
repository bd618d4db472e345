use super::bearer_challenge::BearerChallenge;
use super::response::ApiResponse;
use crate::text::excerpt;
use bridge_types::CorrelationId;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use std::fmt;

/// A partner's 401 or 403, with what it says about why. The texts are the partner's; `Display` cuts and escapes them.
#[derive(Debug, Clone)]
pub struct Refusal {
    response: ApiResponse,
    challenge: Option<BearerChallenge>,
    problem: Option<Problem>,
}

/// What is read of problem details (RFC 9457 §3) as Bridge's APIs write them. All of it is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The stable reason.
    pub code: Option<String>,
    /// The reason in a sentence.
    pub title: Option<String>,
    /// More of it.
    pub detail: Option<String>,
    /// The scope that the request needs.
    pub required_scope: Option<String>,
    /// The name of the request in the partner's logs.
    pub correlation_id: Option<String>,
}

impl Refusal {
    /// Reads what an answer says about why. Never fails: what cannot be read does not count.
    pub fn read(response: ApiResponse) -> Self {
        let challenge = BearerChallenge::find(response.headers());
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let is_problem = essence.eq_ignore_ascii_case("application/problem+json");
        // serde takes a list for the members of a struct; a problem is an object.
        let is_object = response.body().trim_ascii_start().starts_with(b"{");
        let problem = (is_problem && is_object).then(|| response.json().ok()).flatten();
        Self { response, challenge, problem }
    }

    /// True when the partner, in a 401, says that another token may do: `error="invalid_token"` (RFC 6750 §3.1).
    pub(super) fn asks_for_another_token(&self) -> bool {
        self.challenge.as_ref().is_some_and(BearerChallenge::asks_for_another_token)
    }

    /// The stable reason: the problem's code, or else the challenge's error.
    pub fn code(&self) -> Option<&str> {
        let challenge = || self.challenge.as_ref()?.error.as_deref();
        self.problem.as_ref().and_then(|problem| problem.code.as_deref()).or_else(challenge)
    }

    /// The scope that the request needs, where more scope would help (RFC 6750 §3.1).
    pub fn scope(&self) -> Option<&str> {
        let problem = || self.problem.as_ref()?.required_scope.as_deref();
        self.challenge.as_ref().and_then(|challenge| challenge.scope.as_deref()).or_else(problem)
    }

    /// The name of this request in the partner's logs: what to quote when asking the partner.
    pub fn correlation_id(&self) -> Option<CorrelationId> {
        let problem = || self.problem.as_ref()?.correlation_id.as_deref()?.parse().ok();
        self.response.correlation_id().or_else(problem)
    }

    /// The challenge, if there was one.
    pub fn challenge(&self) -> Option<&BearerChallenge> {
        self.challenge.as_ref()
    }

    /// The problem details, if there were any.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// The whole answer.
    pub fn response(&self) -> &ApiResponse {
        &self.response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.response.status().as_u16())?;
        if let Some(code) = self.code() {
            write!(f, " {}", excerpt(code))?;
        }
        if let Some(scope) = self.scope() {
            write!(f, ", needs scope \"{}\"", excerpt(scope))?;
        }
        match self.correlation_id() {
            Some(id) => write!(f, ", correlation id {id}"),
            None => Ok(()),
        }
    }
}
