use super::lane::Lane;
use super::message::{Message, Tone};
use askama::Template;

/// Where the first message stands, below the names.
const TOP: u32 = 56;

/// How much height a call takes: the request with its token, and the answer.
const CALL: u32 = 50;

/// How much height something inside a party takes.
const INSIDE: u32 = 34;

/// How wide a letter is on average: of a label, and of the smaller words about the token. What does not fit is cut.
const LETTERS: (u32, u32) = (6, 5);

/// A sequence diagram, drawn as SVG that takes its colours from the page.
#[derive(Debug, Template)]
#[template(path = "diagram.svg", escape = "html")]
pub(crate) struct Diagram {
    lanes: [Lane; 5],
    rows: Vec<Row>,
    height: u32,
}

#[derive(Debug)]
struct Row {
    /// The height at which the label of the request stands.
    y: u32,
    inside: bool,
    from: u32,
    to: u32,
    middle: u32,
    /// Where the heads of both arrows are.
    ahead: [String; 2],
    class: &'static str,
    request: String,
    token: String,
    answer: String,
    whole: String,
}

impl Diagram {
    /// Lays the messages out from top to bottom.
    pub(crate) fn new(messages: &[Message]) -> Self {
        let mut y = TOP;
        let mut rows = Vec::with_capacity(messages.len());
        for message in messages {
            let row = Row::new(message, y + 14);
            y += if row.inside { INSIDE } else { CALL };
            rows.push(row);
        }
        Self { lanes: Lane::ALL, rows, height: y + 16 }
    }
}

impl Row {
    fn new(message: &Message, y: u32) -> Self {
        let (from, to) = (message.from.x(), message.to.x());
        let room = from.abs_diff(to).max(200) - 16;
        let (letters, small_letters) = (room / LETTERS.0, room / LETTERS.1);
        let times = if message.count > 1 { format!("{}× ", message.count) } else { String::new() };
        let token = message.token.as_ref().map(|token| match token.scope.as_str() {
            "" => format!("token {}", token.fingerprint),
            scope => format!("token {} · {scope}", token.fingerprint),
        });
        Self {
            y,
            inside: from == to,
            from,
            to,
            middle: from.midpoint(to),
            ahead: [head(from, to, y + 18), head(to, from, y + 32)],
            class: class(message.tone),
            request: cut(&format!("{times}{}", short_ids(&message.request)), letters),
            token: cut(&token.unwrap_or_default(), small_letters),
            answer: cut(&message.answer, letters),
            whole: format!(
                "{} → {}: {} → {}",
                message.from.title(),
                message.to.title(),
                message.request,
                message.answer
            ),
        }
    }
}

/// The corners of an arrow's head at the end of a line.
fn head(from: u32, to: u32, y: u32) -> String {
    let back = if from < to { to.saturating_sub(8) } else { to + 8 };
    format!("{to},{y} {back},{} {back},{}", y - 4, y + 4)
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Refused => "refused",
        Tone::Failed => "failed",
        Tone::Note => "note",
    }
}

/// Shortens what is as long as an identifier in a path to its end, where such identifiers differ.
fn short_ids(request: &str) -> String {
    let shorten = |part: &str| match part.len() {
        32.. => format!("…{}", &part[part.len() - 6..]),
        _ => part.to_owned(),
    };
    request.split('/').map(shorten).collect::<Vec<_>>().join("/")
}

fn cut(text: &str, letters: u32) -> String {
    let letters = usize::try_from(letters).unwrap_or(usize::MAX);
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{Diagram, cut, short_ids};
    use crate::report::lane::Lane;
    use crate::report::message::{Message, Tone};
    use askama::Template;

    #[test]
    fn draws_calls_and_notes_and_escapes_what_they_say() {
        let call = Message {
            request: "GET /<script>".to_owned(),
            answer: "200 · allowed".to_owned(),
            tone: Tone::Good,
            count: 20,
            ..Message::between(jiff::Timestamp::UNIX_EPOCH, Lane::ApiA, Lane::ApiB)
        };
        let note = Message::inside(jiff::Timestamp::UNIX_EPOCH, Lane::ApiB, "policy loaded company-a");
        let svg = Diagram::new(&[call, note]).render().unwrap();
        assert!(svg.contains("20× GET /") && svg.contains("200 · allowed") && svg.contains("policy loaded company-a"));
        assert!(!svg.contains("<script>"), "{svg}");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("äöüß", 4), "äöüß");
        assert_eq!(short_ids("GET /orders/01890a5d-ac96-774b-bcce-b302099a8057/x"), "GET /orders/…9a8057/x");
    }
}
