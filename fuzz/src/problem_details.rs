//! A partner's refusal: whatever the partner writes, it is read without guessing and shown without harm.

use bridge_client::{ApiResponse, Challenge, Refusal};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

/// The first line is the value of `WWW-Authenticate`, the rest the body.
pub fn check(data: &[u8]) {
    let (challenge, body) = match data.iter().position(|b| *b == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Ok(value) = HeaderValue::from_bytes(challenge) {
        headers.insert(WWW_AUTHENTICATE, value);
    }
    let moment = jiff::Timestamp::UNIX_EPOCH;
    let refusal = Refusal::read(ApiResponse::new(StatusCode::FORBIDDEN, headers, body.to_vec(), moment));
    if let Ok(text) = std::str::from_utf8(challenge) {
        challenges_can_be_written_again(text);
    }
    is_shown_without_harm(&refusal);
    assert!(
        refusal.problem().is_none() || std::str::from_utf8(body).is_ok_and(|text| text.trim_start().starts_with('{'))
    );
    comes_from_the_answer(&refusal, body, challenge);
}

fn challenges_can_be_written_again(field: &str) {
    let Ok(challenges) = Challenge::parse_all(field) else { return };
    let written: Vec<String> = challenges.iter().map(write).collect();
    let again = Challenge::parse_all(&written.join(", "));
    // Escapes make the text longer, up to beyond the limit of the parser.
    if let Ok(again) = again {
        assert_eq!(again, challenges);
    } else {
        assert!(written.join(", ").len() > 4096, "{field:?} cannot be written again");
    }
}

fn write(challenge: &Challenge) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let params = challenge.params().map(|(name, value)| format!("{name}=\"{}\"", quoted(value)));
    let params: Vec<String> = challenge.token68().map(str::to_owned).into_iter().chain(params).collect();
    format!("{} {}", challenge.scheme(), params.join(", ")).trim_end().to_owned()
}

fn is_shown_without_harm(refusal: &Refusal) {
    let shown = refusal.to_string();
    assert!(!shown.chars().any(char::is_control), "a control character got through: {shown:?}");
    assert!(shown.len() < 8192, "{} bytes", shown.len());
}

/// Nothing is made up: code and scope stand in the body or in the challenge.
fn comes_from_the_answer(refusal: &Refusal, body: &[u8], challenge: &[u8]) {
    let Ok(problem) = serde_json::from_slice::<Value>(body) else { return };
    let challenge = String::from_utf8_lossy(challenge).replace('\\', "");
    for (name, found) in [("code", refusal.code()), ("required_scope", refusal.scope())] {
        let Some(text) = found else { continue };
        let stands_there = problem[name] == text || challenge.contains(&text.replace('\\', ""));
        assert!(stands_there, "{name} {text:?} stands nowhere");
    }
}
