//! No token stands where it could be read.

use crate::side::Side;
use crate::stage::{Check, Stage, Unmet};
use cucumber::then;

#[then(expr = "no token that was seen in this run stands in the log of company {company}")]
fn no_token_in_the_log(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    let (log, seen) = (stand.log(side).text_since(0), stand.journal.tokens_seen());
    if log.is_empty() || seen == 0 {
        let found = format!("{} bytes of log and {seen} tokens", log.len());
        return Err(Unmet::new("what to search", "a log and tokens", found));
    }
    let leaked = stand.journal.tokens_in(&log);
    if leaked.is_empty() { Ok(()) } else { Err(Unmet::new("tokens in the log", "none", leaked.join(", "))) }
}

#[then(expr = "nothing that looks like a token stands in the log of company {company}")]
fn nothing_like_a_token(stage: &mut Stage, side: Side) -> Check {
    let log = stage.stand().log(side).text_since(0);
    let suspects: Vec<_> = log.lines().filter(|line| looks_like_a_token(line)).collect();
    if suspects.is_empty() {
        return Ok(());
    }
    // The lines themselves must not get into the report.
    let places = format!("{} lines, the first of {} characters", suspects.len(), suspects[0].len());
    Err(Unmet::new("lines with a JWT", "none", places))
}

/// True when a text has something of the form of a signed JWT: its header begins with `{"` in base64url.
pub(super) fn looks_like_a_token(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices("eyJ").any(|(start, _)| {
        let mut parts = text[start..].splitn(3, '.').map(|part| part.chars().take_while(|c| is_part(*c)).count());
        matches!((parts.next(), parts.next()), (Some(10..), Some(10..))) && text[start..].contains(".eyJ")
    })
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_token;

    #[test]
    fn knows_a_token_by_its_looks() {
        assert!(looks_like_a_token("x eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ.c2lnbmF0dXJl y"));
        assert!(looks_like_a_token("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ."));
        for harmless in ["", "eyJ", "eyJust a word. eyJ", "3fa94c0d1e2f", "api.company-a.example"] {
            assert!(!looks_like_a_token(harmless), "{harmless}");
        }
    }
}
