use super::lane::Lane;
use crate::record::log::LogLine;
use crate::side::Side;
use crate::tester::Client;
use crate::tester::token::TokenFacts;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// One thing that happened between two parties, or to one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Message {
    /// When it began.
    pub(crate) at: Timestamp,
    /// Who acted.
    pub(crate) from: Lane,
    /// On whom; the same lane for something that happened inside.
    pub(crate) to: Lane,
    /// What was asked, or what happened inside.
    pub(crate) request: String,
    /// What was answered; empty for something that happened inside.
    pub(crate) answer: String,
    /// How it went.
    pub(crate) tone: Tone,
    /// What may be shown of the token that was sent or given.
    pub(crate) token: Option<TokenFacts>,
    /// The names under which it is found in the logs.
    pub(crate) correlation_id: String,
    /// The trace that it belongs to.
    pub(crate) trace_id: String,
    /// How often it happened in a row.
    pub(crate) count: usize,
}

/// How something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tone {
    /// As asked.
    Good,
    /// It was refused.
    Refused,
    /// It failed.
    Failed,
    /// Neither: something that was done or noticed.
    Note,
}

impl Message {
    /// The bare message, still without words.
    pub(super) fn between(at: Timestamp, from: Lane, to: Lane) -> Self {
        let (request, answer, correlation_id, trace_id) = Default::default();
        Self { at, from, to, request, answer, tone: Tone::Note, token: None, correlation_id, trace_id, count: 1 }
    }

    /// Something that happened within one party.
    pub(super) fn inside(at: Timestamp, lane: Lane, what: &str) -> Self {
        Self { request: what.to_owned(), ..Self::between(at, lane, lane) }
    }

    /// Tells a line by itself; `None` for what is no message, such as a line about the own token request that the
    /// issuer has told already.
    pub(super) fn of_line(side: Side, line: &LogLine) -> Option<Self> {
        let (at, api, issuer) = (began(line), Lane::api(side), Lane::issuer(side));
        let message = match line.event() {
            "decision" => {
                let status = line.number("status").unwrap_or_default();
                Self {
                    request: format!("{} {}", line.text("method"), line.text("path")),
                    answer: answer(status, reason(line)),
                    tone: if line.text("outcome") == "allow" { Tone::Good } else { Tone::Refused },
                    ..Self::between(at, who(line, side.other()), api)
                }
            }
            "token_issued" => {
                Self { answer: answer(200, "issued"), tone: Tone::Good, ..Self::token_request(at, line, side) }
            }
            "token_refused" => Self {
                answer: answer(line.number("status").unwrap_or_default(), reason(line)),
                tone: Tone::Refused,
                ..Self::token_request(at, line, side)
            },
            "token_request_failed" => {
                Self { answer: reason(line).to_owned(), tone: Tone::Failed, ..Self::token_request(at, line, side) }
            }
            "keys_fetched" | "keys_fetch_failed" => {
                let ok = line.event() == "keys_fetched";
                let keys = line.number("keys").map_or_else(String::new, count_of_keys);
                Self {
                    request: "GET keys".to_owned(),
                    answer: if ok { keys } else { format!("failed · {}", reason(line)) },
                    tone: if ok { Tone::Good } else { Tone::Failed },
                    ..Self::between(at, api, keys_of(side, line))
                }
            }
            "policy_loaded" | "policy_rejected" => {
                Self::inside(line.at, api, &format!("{} {}", line.event().replace('_', " "), line.text("partner")))
            }
            "clients_loaded" | "clients_rejected" | "key_created" => {
                Self::inside(line.at, issuer, &line.event().replace('_', " "))
            }
            "serving" | "stopping" => Self::inside(line.at, api, line.event()),
            _ => return None,
        };
        let token = token(line);
        let (correlation_id, trace_id) = (line.text("correlation_id").to_owned(), line.text("trace_id").to_owned());
        Some(Self { token, correlation_id, trace_id, ..message })
    }

    fn token_request(at: Timestamp, line: &LogLine, side: Side) -> Self {
        Self { request: "POST /token".to_owned(), ..Self::between(at, who(line, side), Lane::issuer(side)) }
    }

    /// True when the other is the same thing once more.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let what = |message: &Self| (message.from, message.to, message.request.clone(), message.answer.clone());
        what(self) == what(other) && self.token == other.token
    }
}

fn count_of_keys(keys: u64) -> String {
    if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") }
}

/// Who acted as a client of a company: the company itself, or the tester with one of its own clients.
fn who(line: &LogLine, company: Side) -> Lane {
    match line.text("client_id").parse::<Client>() {
        Ok(_) => Lane::Tester,
        Err(_) => Lane::api(company),
    }
}

/// Whose keys a company fetched: its own issuer's or its partner's.
fn keys_of(side: Side, line: &LogLine) -> Lane {
    let own = line.text("partner") == side.name();
    Lane::issuer(if own { side } else { side.other() })
}

/// When what the line tells began: lines are written at the end.
pub(super) fn began(line: &LogLine) -> Timestamp {
    let took = line.number("latency_us").and_then(|micros| i64::try_from(micros).ok()).unwrap_or_default();
    line.at.saturating_sub(SignedDuration::from_micros(took)).unwrap_or(line.at)
}

/// Why the line says it went so.
pub(super) fn reason(line: &LogLine) -> &str {
    match (line.text("reason"), line.event()) {
        ("", "token_issued") => "issued",
        (reason, _) => reason,
    }
}

/// A status and why.
pub(super) fn answer(status: u64, reason: &str) -> String {
    if reason.is_empty() { status.to_string() } else { format!("{status} · {reason}") }
}

/// How an answer with this status went.
pub(super) fn tone(status: u64) -> Tone {
    match status {
        100..400 => Tone::Good,
        400..500 => Tone::Refused,
        _ => Tone::Failed,
    }
}

/// What a line says of the token that it is about.
pub(super) fn token(line: &LogLine) -> Option<TokenFacts> {
    let text = |name: &str| line.text(name).to_owned();
    let facts = TokenFacts {
        fingerprint: text("token"),
        kid: text("kid"),
        iss: text("iss"),
        client_id: text("client_id"),
        aud: text("aud"),
        scope: text("scope"),
    };
    (!facts.fingerprint.is_empty()).then_some(facts)
}
