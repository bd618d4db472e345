use super::needles::Needles;
use crate::side::Side;
use crate::tester::token::TokenFacts;
use bridge_types::{AccessToken, Secret};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which part of a company a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Its authorization server.
    Issuer,
    /// Its resource server and its applications.
    Api,
    /// Its operations pages.
    Operations,
}

/// One HTTP call that the tester made.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    /// When it was sent.
    pub(crate) at: Timestamp,
    /// How long the answer took, in microseconds.
    pub(crate) took_us: u64,
    /// To whom.
    pub(crate) to: Side,
    /// To which part.
    pub(crate) part: Part,
    /// Method and path.
    pub(crate) request: String,
    /// What may be shown of the token that was sent.
    pub(crate) token: Option<TokenFacts>,
    /// What came back.
    pub(crate) answer: Seen,
}

/// What a caller sees of an answer, as far as it may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Seen {
    /// The status code; 0 when there was no answer at all.
    pub(crate) status: u16,
    /// The correlation id.
    pub(crate) correlation_id: String,
    /// The `WWW-Authenticate` challenge.
    pub(crate) challenge: String,
    /// The body of an error, or why there was no answer.
    pub(crate) error: String,
    /// The stable code in that body.
    pub(crate) code: String,
}

/// Something the tester did or saw, in the order in which it happened.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// It made a call.
    Call(Box<Call>),
    /// It did something to a company, such as stopping it.
    Deed {
        /// When.
        at: Timestamp,
        /// To whom.
        to: Side,
        /// What, in a few words.
        what: String,
    },
}

/// What the tester did, and every token it saw.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Mutex<Vec<Entry>>,
    tokens: Mutex<HashMap<String, AccessToken>>,
    unseen: Mutex<Vec<String>>,
    assertions: Mutex<Vec<Secret<String>>>,
    /// Every refusal as its caller saw it.
    refusals: Mutex<String>,
}

impl Journal {
    /// Writes down a call.
    pub(crate) fn call(&self, call: Call) {
        let Seen { challenge, error, .. } = &call.answer;
        lock(&self.refusals).extend([challenge.as_str(), "\n", error.as_str(), "\n"]);
        lock(&self.entries).push(Entry::Call(Box::new(call)));
    }

    /// Writes down a deed.
    pub(crate) fn deed(&self, at: Timestamp, to: Side, what: impl Into<String>) {
        lock(&self.entries).push(Entry::Deed { at, to, what: what.into() });
    }

    /// Gives what was written down since the last time, and starts a new page.
    pub(crate) fn turn_page(&self) -> Vec<Entry> {
        std::mem::take(&mut lock(&self.entries))
    }

    /// Remembers a token, so that logs and reports can be searched for it.
    pub(crate) fn saw(&self, token: &AccessToken) {
        lock(&self.tokens).insert(token.fingerprint().to_string(), token.clone());
    }

    /// Remembers a client assertion, so that whatever the companies wrote can be searched for it.
    pub(crate) fn asserted(&self, assertion: &str) {
        lock(&self.assertions).push(Secret::new(assertion.to_owned()));
    }

    /// Every token and assertion of the run. The signature of each names it: the beginning of all of them is the same.
    pub(crate) fn needles(&self) -> Needles {
        let mut needles = Needles::default();
        let mut add = |name: &str, token: &str| {
            needles.add(name, token.rsplit('.').next().unwrap_or_default().as_bytes());
        };
        for (fingerprint, token) in lock(&self.tokens).iter() {
            add(&format!("token {fingerprint}"), token.expose());
        }
        lock(&self.assertions).iter().for_each(|assertion| add("a client assertion", assertion.expose()));
        needles
    }

    /// Every refusal that a caller has seen until now: challenge and body.
    pub(crate) fn refusals(&self) -> String {
        lock(&self.refusals).clone()
    }

    /// Remembers that a command used a token which the tester did not get to see, in the call of this correlation id.
    pub(crate) fn expect_token_of(&self, correlation_id: &str) {
        lock(&self.unseen).push(correlation_id.to_owned());
    }

    /// The calls with tokens that the tester did not get to see.
    pub(crate) fn calls_with_unseen_tokens(&self) -> Vec<String> {
        lock(&self.unseen).clone()
    }

    /// How many different tokens have been seen.
    pub(crate) fn tokens_seen(&self) -> usize {
        lock(&self.tokens).len()
    }

    /// True when a token of this fingerprint has been seen.
    pub(crate) fn has_seen(&self, fingerprint: &str) -> bool {
        lock(&self.tokens).contains_key(fingerprint)
    }

    /// The fingerprints of the seen tokens that stand in a text: as a whole, or by their signature alone.
    pub(crate) fn tokens_in(&self, text: &str) -> Vec<String> {
        let leaked = |token: &AccessToken| {
            let whole = token.expose();
            let signature = whole.rsplit('.').next().unwrap_or_default();
            text.contains(whole) || (signature.len() > 20 && text.contains(signature))
        };
        let tokens = lock(&self.tokens);
        tokens.iter().filter(|(_, token)| leaked(token)).map(|(fingerprint, _)| fingerprint.clone()).collect()
    }
}

/// Whole microseconds, for the report.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A step that panicked while it held the lock has written a whole entry or none.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Journal;
    use bridge_types::AccessToken;

    #[test]
    fn finds_a_token_and_its_signature_in_a_text() {
        let journal = Journal::default();
        let token = AccessToken::new("aaaa.bbbb.ccccccccccccccccccccccccc".to_owned());
        journal.saw(&token);
        for text in ["x aaaa.bbbb.ccccccccccccccccccccccccc y", "signature ccccccccccccccccccccccccc"] {
            assert_eq!(journal.tokens_in(text), [token.fingerprint().to_string()], "{text}");
        }
        assert!(journal.tokens_in("aaaa.bbbb").is_empty());
        assert_eq!(journal.tokens_seen(), 1);
    }
}
