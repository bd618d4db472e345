use super::lane::Lane;
use super::message::{Message, answer, began, reason, token, tone};
use crate::record::evidence::Evidence;
use crate::record::journal::{Call, Entry, Part};
use crate::record::log::LogLine;
use crate::side::{Pair, Side};
use jiff::SignedDuration;

/// Tells what happened from the tester's journal and the logs of both companies.
///
/// A call and its decision are one message, linked by the correlation id that the API gave both sides. A call to a
/// token endpoint has none; it is linked by its client and its time.
pub(crate) fn tell(evidence: &Evidence) -> Vec<Message> {
    let mut lines = Lines::new(&evidence.logs);
    let mut messages: Vec<Message> = evidence.entries.iter().map(|entry| lines.entry(entry)).collect();
    messages.extend(lines.egress());
    messages.extend(lines.rest());
    messages.sort_by_key(|message| message.at);
    fold(messages)
}

/// The log lines of both companies, each told once.
struct Lines<'l> {
    lines: Vec<(Side, &'l LogLine)>,
    told: Vec<bool>,
}

impl<'l> Lines<'l> {
    fn new(logs: &'l Pair<Vec<LogLine>>) -> Self {
        let lines: Vec<_> = logs.iter().flat_map(|(side, lines)| lines.iter().map(move |line| (side, line))).collect();
        Self { told: vec![false; lines.len()], lines }
    }

    /// Finds a line that was not told yet, and marks it as told.
    fn take(&mut self, wanted: impl Fn(Side, &LogLine) -> bool) -> Option<(Side, &'l LogLine)> {
        let untold = self.lines.iter().zip(&self.told).position(|((side, line), told)| !told && wanted(*side, line))?;
        self.told[untold] = true;
        Some(self.lines[untold])
    }

    fn decision(&mut self, correlation_id: &str) -> Option<(Side, &'l LogLine)> {
        self.take(|_, line| !correlation_id.is_empty() && line.is("decision", "correlation_id", correlation_id))
    }

    fn entry(&mut self, entry: &Entry) -> Message {
        match entry {
            Entry::Deed { at, to, what } => Message::inside(*at, Lane::api(*to), what),
            Entry::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &Call) -> Message {
        let line = match call.part {
            Part::Api => self.decision(&call.answer.correlation_id),
            Part::Issuer => self.token_answer(call),
            Part::Operations => None,
        };
        let line = line.map(|(_, line)| line);
        // A call by way of the client library or the command line begins with getting a token, and reaches the API later.
        let at = line.map_or(call.at, |line| began(line).max(call.at));
        let status = call.answer.status;
        let reason = line.map_or(call.answer.code.as_str(), reason);
        Message {
            request: call.request.clone(),
            answer: if status == 0 { "no answer".to_owned() } else { answer(status.into(), reason) },
            tone: tone(status.into()),
            token: call.token.clone().or_else(|| line.and_then(token)),
            correlation_id: call.answer.correlation_id.clone(),
            trace_id: line.map(|line| line.text("trace_id").to_owned()).unwrap_or_default(),
            ..Message::between(at, Lane::Tester, Lane::of(call.to, call.part))
        }
    }

    /// The issuer's line about a call to its token endpoint: the first of its time.
    fn token_answer(&mut self, call: &Call) -> Option<(Side, &'l LogLine)> {
        let took = SignedDuration::from_micros(i64::try_from(call.took_us).unwrap_or(i64::MAX));
        let during = call.at..=call.at.saturating_add(took).unwrap_or(call.at);
        self.take(|side, line| {
            side == call.to && matches!(line.event(), "token_issued" | "token_refused") && during.contains(&line.at)
        })
    }

    /// What the companies sent to each other.
    fn egress(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some((side, line)) = self.take(|_, line| line.event() == "egress") {
            let decision = self.decision(line.text("correlation_id"));
            let to = decision.map_or(side.other(), |(to, _)| to);
            let status = line.number("status").unwrap_or_default();
            let reason = decision.map_or(line.text("reason"), |(_, line)| reason(line));
            messages.push(Message {
                request: format!("{} {}", line.text("method"), line.text("path")),
                answer: if status == 0 { format!("no answer · {reason}") } else { answer(status, reason) },
                tone: tone(status),
                token: decision.and_then(|(_, line)| token(line)).or_else(|| token(line)),
                correlation_id: line.text("correlation_id").to_owned(),
                trace_id: line.text("trace_id").to_owned(),
                ..Message::between(began(line), Lane::api(side), Lane::api(to))
            });
        }
        messages
    }

    /// What no call of the tester and no call between the companies accounts for.
    fn rest(&mut self) -> Vec<Message> {
        let untold: Vec<_> =
            self.lines.iter().zip(&self.told).filter(|(_, told)| !**told).map(|(line, _)| *line).collect();
        untold.into_iter().filter_map(|(side, line)| Message::of_line(side, line)).collect()
    }
}

/// Makes one message of those that repeat each other.
fn fold(messages: Vec<Message>) -> Vec<Message> {
    let mut folded: Vec<Message> = Vec::new();
    for message in messages {
        match folded.last_mut() {
            Some(last) if last.repeats(&message) => last.count += 1,
            _ => folded.push(message),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::tell;
    use crate::record::evidence::Evidence;
    use crate::record::journal::{Call, Entry, Part, Seen};
    use crate::record::log::LogLine;
    use crate::report::lane::Lane;
    use crate::report::message::Tone;
    use crate::side::{Pair, Side};
    use serde_json::json;

    fn line(second: u32, mut fields: serde_json::Value) -> LogLine {
        fields["timestamp"] = format!("2026-01-01T00:00:{second:02}Z").into();
        LogLine::parse(&fields.to_string()).unwrap()
    }

    fn call(second: u32, part: Part, request: &str, status: u16, correlation_id: &str) -> Entry {
        Entry::Call(Box::new(Call {
            at: format!("2026-01-01T00:00:{second:02}Z").parse().unwrap(),
            took_us: 500_000,
            to: Side::B,
            part,
            request: request.to_owned(),
            token: None,
            answer: Seen { status, correlation_id: correlation_id.to_owned(), ..Seen::default() },
        }))
    }

    #[test]
    fn a_call_and_its_decision_are_one_message() {
        let decision = json!({"event": "decision", "outcome": "deny", "reason": "audience_mismatch", "status": 401,
            "correlation_id": "c1", "token": "abc", "kid": "k"});
        let evidence = Evidence {
            entries: vec![call(1, Part::Api, "GET /shipments", 401, "c1")],
            logs: Pair::of(vec![], vec![line(1, decision)]),
        };
        let told = tell(&evidence);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].from, told[0].to), (Lane::Tester, Lane::ApiB));
        assert_eq!((told[0].answer.as_str(), told[0].tone), ("401 · audience_mismatch", Tone::Refused));
        assert_eq!(told[0].token.as_ref().unwrap().kid, "k");
    }

    #[test]
    fn what_one_company_sends_and_the_other_decides_is_one_message() {
        let egress = json!({"event": "egress", "method": "POST", "path": "/shipments", "status": 201,
            "correlation_id": "c2", "latency_us": 1_000_000, "trace_id": "t"});
        let decision = json!({"event": "decision", "outcome": "allow", "reason": "allowed", "correlation_id": "c2"});
        let logs = Pair::of(vec![line(3, egress)], vec![line(2, decision)]);
        let told = tell(&Evidence { entries: vec![], logs });
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].from, told[0].to), (Lane::ApiA, Lane::ApiB));
        assert_eq!(told[0].answer, "201 · allowed");
        assert_eq!(told[0].at.to_string(), "2026-01-01T00:00:02Z", "it began before it was logged");
    }

    #[test]
    fn the_issuers_line_belongs_to_the_call_of_its_time() {
        let issued = |token: &str| json!({"event": "token_issued", "token": token, "client_id": "shop"});
        let logs = Pair::of(vec![line(1, issued("other"))], vec![line(1, issued("t1")), line(5, issued("t2"))]);
        let entries = vec![call(1, Part::Issuer, "POST /token", 200, "")];
        let told = tell(&Evidence { entries, logs });
        let seen: Vec<_> =
            told.iter().map(|m| (m.from, m.to, m.token.as_ref().unwrap().fingerprint.as_str())).collect();
        assert_eq!(
            seen,
            [
                (Lane::Tester, Lane::IssuerB, "t1"),
                (Lane::ApiA, Lane::IssuerA, "other"),
                (Lane::ApiB, Lane::IssuerB, "t2"),
            ]
        );
    }

    #[test]
    fn repetitions_are_told_once() {
        let entries = (1..=20).map(|second| call(second, Part::Api, "GET /shipments", 200, "")).collect();
        let told = tell(&Evidence { entries, logs: Pair::default() });
        assert_eq!((told.len(), told[0].count), (1, 20));
    }
}
