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
        let message = match line.event() {
            "decision" => Self::decision(side, line),
            "token_issued" | "token_refused" | "token_request_failed" => Self::token_request(side, line),
            "keys_fetched" | "keys_fetch_failed" => Self::keys(side, line),
            "policy_loaded" | "policy_rejected" | "serving" | "stopping" => {
                let what = format!("{} {}", line.event().replace('_', " "), line.text("partner"));
                Self::inside(line.at, Lane::api(side), what.trim_end())
            }
            "clients_loaded" | "clients_rejected" | "key_created" => {
                Self::inside(line.at, Lane::issuer(side), &line.event().replace('_', " "))
            }
            _ => return None,
        };
        let (correlation_id, trace_id) = (line.text("correlation_id").to_owned(), line.text("trace_id").to_owned());
        Some(Self { token: token(line), correlation_id, trace_id, ..message })
    }

    fn decision(side: Side, line: &LogLine) -> Self {
        Self {
            request: format!("{} {}", line.text("method"), line.text("path")),
            answer: answer(line.number("status").unwrap_or_default(), reason(line)),
            tone: if line.text("outcome") == "allow" { Tone::Good } else { Tone::Refused },
            ..Self::between(began(line), who(line, side.other()), Lane::api(side))
        }
    }

    fn token_request(side: Side, line: &LogLine) -> Self {
        let (answer, tone) = match line.event() {
            "token_issued" => (answer(200, "issued"), Tone::Good),
            "token_refused" => (answer(line.number("status").unwrap_or_default(), reason(line)), Tone::Refused),
            _ => (reason(line).to_owned(), Tone::Failed),
        };
        let bare = Self::between(began(line), who(line, side), Lane::issuer(side));
        Self { request: "POST /token".to_owned(), answer, tone, ..bare }
    }

    fn keys(side: Side, line: &LogLine) -> Self {
        let (answer, tone) = match line.event() {
            "keys_fetched" => (line.number("keys").map_or_else(String::new, count_of_keys), Tone::Good),
            _ => (format!("failed · {}", reason(line)), Tone::Failed),
        };
        let bare = Self::between(began(line), Lane::api(side), keys_of(side, line));
        Self { request: "GET keys".to_owned(), answer, tone, ..bare }
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
