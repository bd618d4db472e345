use super::leak::Leaks;
use super::{Case, Challenge, Code, Expected, Request};
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// What a target answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Every header, names in any case.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The values of a header, in order.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The reason code of a Bridge problem, if the body is one.
    pub fn code(&self) -> Option<String> {
        let problem: Value = serde_json::from_str(&self.body).ok()?;
        problem.get("code")?.as_str().map(str::to_owned)
    }

    /// The `error` of a token endpoint (RFC 6749 §5.2), if the body has one.
    pub fn error(&self) -> Option<String> {
        let refusal: Value = serde_json::from_str(&self.body).ok()?;
        refusal.get("error")?.as_str().map(str::to_owned)
    }
}

/// How closely an answer is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Bridge's own: exact status, reason code, challenge and problem details.
    Bridge,
    /// Any resource server: refusals may be 400, 401 or 403 as their clause permits, with a challenge on each 401.
    Generic,
}

/// What every answer is measured by.
#[derive(Debug, Clone)]
pub struct Yardstick {
    /// How closely.
    pub strictness: Strictness,
    /// The scope that the route demands.
    pub required_scope: String,
    /// The answer to a request without credentials. What stands in it is public and no leak.
    pub baseline: Answer,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// A request was served that had to be refused.
    WrongAccept {
        /// The status.
        status: u16,
    },
    /// A request was refused that had to be served.
    WrongRefusal {
        /// The status.
        status: u16,
        /// The reason code, if there is one.
        code: Option<String>,
    },
    /// The request was refused, but not as the clause has it.
    WrongAnswer {
        /// What was looked at.
        part: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The target failed over the request.
    ServerError {
        /// The status.
        status: u16,
    },
    /// There was no answer.
    NoAnswer {
        /// Why not, as far as can be told.
        why: String,
    },
    /// The answer contains something of the token, or of the target's inside.
    Leak {
        /// What kind of thing. Never the thing itself.
        what: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongAccept { status } => write!(f, "wrong accept: served with {status}"),
            Self::WrongRefusal { status, code } => {
                write!(f, "wrong refusal: {status} {}", code.as_deref().unwrap_or("without a reason code"))
            }
            Self::WrongAnswer { part, expected, found } => {
                write!(f, "wrong {part}: expected {expected}, found {found}")
            }
            Self::ServerError { status } => write!(f, "server error: {status}"),
            Self::NoAnswer { why } => write!(f, "no answer: {why}"),
            Self::Leak { what } => write!(f, "leak: the answer contains {what}"),
        }
    }
}

/// Request Header Fields Too Large (RFC 6585 §5).
const HEAD_TOO_LARGE: u16 = 431;

/// Everything that is wrong with the answer to a case. Empty when it is right.
pub fn judge(case: &Case, request: &Request, answer: &Answer, yardstick: &Yardstick) -> Vec<Fault> {
    let mut faults = match (case.expected(), answer.status) {
        (_, status @ 500..) => vec![Fault::ServerError { status }],
        (Expected::Allow, 200..=299) => Vec::new(),
        (Expected::Allow, status) => vec![Fault::WrongRefusal { status, code: answer.code() }],
        (Expected::Deny(_), status @ 200..=299) => vec![Fault::WrongAccept { status }],
        (Expected::Deny(code), _) => refusal(code, answer, yardstick),
    };
    if answer.status >= 300 {
        faults.extend(Leaks::of(request, &yardstick.baseline, &yardstick.required_scope).found_in(answer));
    }
    faults
}

fn refusal(code: Code, answer: &Answer, yardstick: &Yardstick) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut compare = |part, expected: String, found: String| {
        if expected != found {
            faults.push(Fault::WrongAnswer { part, expected, found });
        }
    };
    match yardstick.strictness {
        // A listener may turn down so large a head before anything decides about it (RFC 6585 §5).
        Strictness::Bridge if code == Code::TokenTooLarge && answer.status == HEAD_TOO_LARGE => {}
        Strictness::Bridge => {
            compare("status", code.status().to_string(), answer.status.to_string());
            compare("reason code", code.as_str().to_owned(), answer.code().unwrap_or_else(|| "none".to_owned()));
            let challenge = code.challenge();
            let scope = (code == Code::InsufficientScope).then_some(yardstick.required_scope.as_str());
            compare("challenge", expected_challenge(challenge, scope), found_challenge(answer));
            faults.extend(problem(code, answer, yardstick));
        }
        Strictness::Generic => {
            let permitted = permitted(code);
            if !permitted.contains(&answer.status) {
                compare("status", format!("{permitted:?}"), answer.status.to_string());
            }
            let challenged = answer.status != 401 || answer.header("www-authenticate").next().is_some();
            compare(
                "challenge",
                "WWW-Authenticate".to_owned(),
                (if challenged { "WWW-Authenticate" } else { "none" }).to_owned(),
            );
        }
    }
    faults
}

/// Statuses that some server may give for good reasons.
fn permitted(code: Code) -> &'static [u16] {
    match code {
        Code::TokenTooLarge => &[400, 401, 413, 414, HEAD_TOO_LARGE],
        Code::RequestInvalid => &[400, 401],
        Code::ClientNotAllowed | Code::ScopeBeyondCeiling | Code::InsufficientScope => &[401, 403],
        _ => &[400, 401, 403],
    }
}

fn expected_challenge(challenge: Challenge, scope: Option<&str>) -> String {
    let scope = scope.map_or(String::new(), |scope| format!(" scope={scope}"));
    match challenge {
        Challenge::None => "none".to_owned(),
        Challenge::Bare => "Bearer".to_owned(),
        Challenge::Error(error) => format!("Bearer error={error}{scope}"),
    }
}

/// Scheme, `error` and `scope` of the one challenge.
fn found_challenge(answer: &Answer) -> String {
    let all: Vec<&str> = answer.header("www-authenticate").collect();
    let [challenge] = all[..] else {
        return if all.is_empty() { "none".to_owned() } else { format!("{} challenges", all.len()) };
    };
    let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
    let parameter = |name: &str| {
        let found = parameters.split(", ").find_map(|one| one.strip_prefix(&format!("{name}=\"")))?;
        Some(format!(" {name}={}", found.trim_end_matches('"')))
    };
    [Some(scheme.to_owned()), parameter("error"), parameter("scope")].into_iter().flatten().collect()
}

/// The body must be the problem of RFC 9457 that Bridge documents, with nothing else in it.
fn problem(code: Code, answer: &Answer, yardstick: &Yardstick) -> Vec<Fault> {
    let wrong = |part, expected: &str, found: String| Fault::WrongAnswer { part, expected: expected.to_owned(), found };
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let Some(members) = problem.as_object() else {
        return vec![wrong("body", "a JSON object", format!("{} bytes of something else", answer.body.len()))];
    };
    let mut faults = Vec::new();
    let content_type = answer.header("content-type").next().unwrap_or("none");
    if content_type != "application/problem+json" {
        faults.push(wrong("content type", "application/problem+json", content_type.to_owned()));
    }
    let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut known = vec!["code", "correlation_id", "detail", "status", "title", "type"];
    if code == Code::InsufficientScope {
        known.insert(3, "required_scope");
    }
    if names != known {
        faults.push(wrong("members of the problem", &known.join(" "), names.join(" ")));
    }
    let correlation = answer.header("x-correlation-id").next().unwrap_or("none");
    for (part, name, expected) in [
        ("problem type", "type", Value::from(format!("urn:bridge:problem:{}", code.as_str()))),
        ("problem status", "status", Value::from(answer.status)),
        ("correlation id", "correlation_id", Value::from(correlation)),
    ] {
        if members.get(name) != Some(&expected) {
            faults.push(wrong(part, &expected.to_string(), members.get(name).unwrap_or(&Value::Null).to_string()));
        }
    }
    if code == Code::InsufficientScope
        && members.get("required_scope") != Some(&yardstick.required_scope.clone().into())
    {
        faults.push(wrong("required scope", &yardstick.required_scope, "another one".to_owned()));
    }
    faults
}
