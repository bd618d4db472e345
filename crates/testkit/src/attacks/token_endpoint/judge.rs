use super::{TokenCase, TokenExpected, TokenRequest};
use crate::attacks::leak::Leaks;
use crate::attacks::{Answer, Fault, Request, Strictness};
use serde_json::Value;

/// Everything that is wrong with the answer to the last request of a case. Empty when it is right.
///
/// Looks at status, `error`, `Cache-Control`, and at what leaks. Another server than Bridge may choose among the errors and
/// statuses of RFC 6749 §5.2 and of HTTP.
pub fn judge(case: &TokenCase, request: &TokenRequest, answer: &Answer, strictness: Strictness) -> Vec<Fault> {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("none").to_owned();
    let wrong = |part, expected: String, found: String| {
        (expected != found).then_some(Fault::WrongAnswer { part, expected, found })
    };
    match (case.expected(), answer.status) {
        (_, status @ 500..) => vec![Fault::ServerError { status }],
        (TokenExpected::Issued, 200) => {
            let cached = wrong("Cache-Control", "no-store".into(), cache_control(answer));
            let kind = wrong("token_type", "Bearer".into(), text("token_type"));
            cached.into_iter().chain(kind).collect()
        }
        (TokenExpected::Issued, status) => vec![Fault::WrongRefusal { status, code: Some(text("error")) }],
        (TokenExpected::Refused { .. }, status @ 200..=299) => vec![Fault::WrongAccept { status }],
        (TokenExpected::Refused { error, status }, found) => {
            let exact = strictness == Strictness::Bridge;
            let mut faults = Vec::new();
            if exact || !(found == status || PERMITTED.contains(&found)) {
                faults.extend(wrong("status", status.to_string(), found.to_string()));
            }
            if exact && !error.is_empty() {
                faults.extend(wrong("error", error.to_owned(), text("error")));
                faults.extend(wrong("Cache-Control", "no-store".into(), cache_control(answer)));
            }
            faults.extend(leaks(request, answer));
            faults
        }
    }
}

/// Statuses with which some server may turn a token request down for good reasons.
const PERMITTED: [u16; 9] = [400, 401, 403, 405, 411, 413, 414, 415, 431];

fn cache_control(answer: &Answer) -> String {
    answer.header("cache-control").next().unwrap_or("none").to_owned()
}

/// Everything in the form is the caller's own: nothing of it has to come back.
fn leaks(request: &TokenRequest, answer: &Answer) -> Vec<Fault> {
    let words = request.body.split(['&', '=']).chain(request.query.as_deref().unwrap_or_default().split(['&', '=']));
    let words = words.filter(|word| word.contains('.') && word.len() >= 16);
    let carried = Request::with_headers(words.map(|word| ("form", word.to_owned())));
    let silent = Answer { status: 0, headers: Vec::new(), body: String::new() };
    Leaks::of(&carried, &silent, "").found_in(answer)
}
