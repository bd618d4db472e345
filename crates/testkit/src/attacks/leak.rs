use super::{Answer, Fault, Request};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Texts by which the inside of a server shows: parsers, panics, stacks.
const INSIDES: [&str; 14] = [
    "at line ",
    "line 1 column",
    "missing field",
    "unknown field",
    "invalid type",
    "duplicate field",
    "unexpected token",
    "unexpected end",
    "traceback",
    "panicked",
    "stack trace",
    "backtrace",
    "exception",
    "serde",
];

/// What of a request must not come back: the token's segments, what it says inside, and its keys.
#[derive(Debug)]
pub(super) struct Leaks {
    needles: Vec<(String, String)>,
}

impl Leaks {
    /// Everything secret or attacker-chosen in the request that is not public anyway.
    pub(super) fn of(request: &Request, baseline: &Answer, required_scope: &str) -> Self {
        let public = format!("{} {}", text_of(baseline), required_scope);
        let mut needles = Vec::new();
        for (_, value) in request.header_lines() {
            for token in value.split([' ', '=', ';', ',']).filter(|word| word.len() >= 16) {
                needles.extend(of_token(token));
            }
        }
        needles.retain(|(_, needle)| !public.contains(needle.as_str()));
        Self { needles }
    }

    /// What comes back all the same.
    pub(super) fn found_in(&self, answer: &Answer) -> Vec<Fault> {
        let text = text_of(answer);
        let leaked = self.needles.iter().filter(|(_, needle)| text.contains(needle.as_str()));
        let mut faults: Vec<Fault> = leaked.map(|(what, _)| Fault::Leak { what: what.clone() }).collect();
        let lower = text.to_lowercase();
        let inside = INSIDES.iter().find(|inside| lower.contains(*inside));
        faults.extend(inside.map(|inside| Fault::Leak { what: format!("the words \"{}\"", inside.trim()) }));
        faults.dedup();
        faults
    }
}

/// Headers and body. The correlation id and the date are the target's own.
fn text_of(answer: &Answer) -> String {
    let own = |name: &str| ["x-correlation-id", "date"].iter().any(|own| name.eq_ignore_ascii_case(own));
    let headers = answer.headers.iter().filter(|(name, _)| !own(name));
    headers.map(|(_, value)| value.as_str()).chain([answer.body.as_str()]).collect::<Vec<_>>().join("\n")
}

fn of_token(token: &str) -> Vec<(String, String)> {
    let mut needles = vec![("the token".to_owned(), token.to_owned())];
    for (index, segment) in token.split('.').enumerate().filter(|(_, segment)| segment.len() >= 16) {
        needles.push((format!("segment {} of the token", index + 1), segment.to_owned()));
        let inside: Option<Value> =
            URL_SAFE_NO_PAD.decode(segment).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(value) = &inside {
            collect(value, "the token", &mut needles);
        }
    }
    needles
}

/// Every text and long number inside a JSON value. Short ones stand in too many innocent sentences.
fn collect(value: &Value, name: &str, needles: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| collect(value, name, needles)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, name, needles)),
        Value::String(text) if text.len() >= 8 => needles.push((format!("the value of {name}"), text.clone())),
        Value::Number(number) if number.to_string().len() >= 9 => {
            needles.push((format!("the value of {name}"), number.to_string()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Leaks;
    use crate::attacks::{Answer, Fault, Request};
    use crate::forge::TestIssuer;
    use bridge_jose::Algorithm;
    use bridge_types::Clock;

    fn answer(body: &str) -> Answer {
        Answer { status: 401, headers: vec![("WWW-Authenticate".into(), "Bearer".into())], body: body.to_owned() }
    }

    #[test]
    fn sees_whatever_comes_back() {
        let issuer = TestIssuer::new("https://issuer.example", Algorithm::EdDsa);
        let now = crate::ManualClock::default().now();
        let token = issuer.access_token("some-client", "https://api.example", "read-all", now).sign();
        let leaks = Leaks::of(&Request::from(token.clone()), &answer("realm https://api.example"), "needed:scope");
        let [header, _, signature] = crate::attacks::spell::segments(&token);
        for (body, what) in [
            (format!("bad token {token}"), "the token"),
            (format!("bad {signature}"), "segment 3 of the token"),
            (format!("bad {header}"), "segment 1 of the token"),
            ("some-client is unknown".to_owned(), "the value of sub"),
            ("your scope read-all".to_owned(), "the value of scope"),
            ("no key ".to_owned() + issuer.key.kid().as_str(), "the value of kid"),
            (format!("expired at {}", now.as_second() + 300), "the value of exp"),
            ("Error: missing field `iss` at line 1 column 2".to_owned(), "the words \"at line\""),
        ] {
            let faults = leaks.found_in(&answer(&body));
            assert!(faults.contains(&Fault::Leak { what: what.to_owned() }), "{body:.60}: {faults:?}");
        }
        let fine = answer(r#"{"code":"signature_invalid","audience":"https://api.example","scope":"needed:scope"}"#);
        assert_eq!(leaks.found_in(&fine), []);
    }
}
