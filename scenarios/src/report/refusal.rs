use super::lane::Lane;
use crate::record::evidence::Evidence;
use crate::record::journal::{Call, Entry, Part};
use crate::record::log::LogLine;
use jiff::SignedDuration;
use serde::Serialize;

/// One refusal, seen from both sides: poorer for the caller than for the operator of the API.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    /// Who refused.
    pub(crate) by: &'static str,
    /// What was asked.
    pub(crate) request: String,
    /// What the caller saw, name by name.
    pub(crate) caller: Vec<(String, String)>,
    /// What the operator saw in the log, name by name; empty when nothing was logged.
    pub(crate) operator: Vec<(String, String)>,
}

/// The refusals among the tester's calls.
pub(crate) fn refusals(evidence: &Evidence) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = Vec::new();
    for entry in &evidence.entries {
        let Entry::Call(call) = entry else { continue };
        if call.answer.status >= 400 && call.part != Part::Operations {
            refusals.push(refusal(call, evidence));
        }
    }
    refusals
}

fn refusal(call: &Call, evidence: &Evidence) -> Refusal {
    let line = evidence.logs[call.to].iter().find(|line| belongs(line, call));
    Refusal {
        by: Lane::of(call.to, call.part).title(),
        request: call.request.clone(),
        caller: caller(call),
        operator: line.map(operator).unwrap_or_default(),
    }
}

fn belongs(line: &LogLine, call: &Call) -> bool {
    match call.part {
        Part::Issuer => {
            let took = SignedDuration::from_micros(i64::try_from(call.took_us).unwrap_or(i64::MAX));
            let until = call.at.saturating_add(took).unwrap_or(call.at);
            line.event() == "token_refused" && (call.at..=until).contains(&line.at)
        }
        _ => line.event() == "decision" && line.text("correlation_id") == call.answer.correlation_id,
    }
}

fn caller(call: &Call) -> Vec<(String, String)> {
    let answer = &call.answer;
    let all = [
        ("status", answer.status.to_string()),
        ("www-authenticate", answer.challenge.clone()),
        ("x-correlation-id", answer.correlation_id.clone()),
        ("body", answer.error.clone()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn operator(line: &LogLine) -> Vec<(String, String)> {
    line.shown().filter(|(name, _)| *name != "target").map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::refusals;
    use crate::record::evidence::Evidence;
    use crate::record::journal::{Call, Entry, Part, Seen};
    use crate::record::log::LogLine;
    use crate::side::{Pair, Side};

    #[test]
    fn shows_both_sides_of_a_refusal_and_no_success() {
        let call = |status: u16, correlation_id: &str| {
            let answer = Seen { status, correlation_id: correlation_id.to_owned(), ..Seen::default() };
            let (at, request) = (jiff::Timestamp::UNIX_EPOCH, "GET /orders".to_owned());
            Entry::Call(Box::new(Call { at, took_us: 1, to: Side::A, part: Part::Api, request, token: None, answer }))
        };
        let line = |id: &str| {
            let text = format!(r#"{{"timestamp":"1970-01-01T00:00:00Z","event":"decision","correlation_id":"{id}"}}"#);
            LogLine::parse(&text).unwrap()
        };
        let logs = Pair::of(vec![line("c1"), line("c2")], vec![]);
        let found = refusals(&Evidence { entries: vec![call(200, "c1"), call(403, "c2")], logs });
        assert_eq!(found.len(), 1);
        assert!(found[0].caller.contains(&("status".to_owned(), "403".to_owned())));
        assert!(found[0].operator.contains(&("correlation_id".to_owned(), "c2".to_owned())));
    }
}
