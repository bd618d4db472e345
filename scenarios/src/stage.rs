use crate::attack::Battle;
use crate::record::evidence::Evidence;
use crate::side::{Pair, Side};
use crate::stand::Stand;
use crate::stand::gateway::Gateway;
use crate::steps::rotation::Load;
use crate::tester::asking::TokenRequest;
use crate::tester::command::Printed;
use crate::tester::http::Answer;
use crate::tester::library::LibraryClient;
use crate::tester::lists::Lists;
use crate::tester::token::Held;
use crate::tester::{Client, scopes};
use cucumber::World;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What one scenario knows: the stand that all scenarios share, and what its own steps have gathered so far.
#[derive(Debug, Default, World)]
pub(crate) struct Stage {
    stand: Option<Arc<Stand>>,
    /// Where the logs ended when the scenario began.
    pub(crate) began: Pair<u64>,
    /// The token in the client's hand.
    pub(crate) held: Option<Held>,
    /// The client that uses the client library.
    pub(crate) library: Option<LibraryClient>,
    /// The last answer.
    pub(crate) answer: Answer,
    /// The last request for a token, with its client assertion.
    pub(crate) asked: Option<TokenRequest>,
    /// How often somebody had tried the line to each issuer when it was cut.
    pub(crate) attempts: Pair<u64>,
    /// How long a company took to notice the last edit of a policy.
    pub(crate) noticed_after: Duration,
    /// What the last command printed.
    pub(crate) printed: Printed,
    /// What came of calling all the time.
    pub(crate) load: Load,
    /// The order that the scenario is about, as last read.
    pub(crate) order: Option<Value>,
    /// The shipment that the scenario is about, as last read.
    pub(crate) shipment: Option<Value>,
    /// Who the last write went to.
    pub(crate) asked_of: Option<Side>,
    /// The answer to the write before the last.
    pub(crate) answered_before: Option<Answer>,
    /// What stands in front of an issuer whose endpoints are broken.
    pub(crate) gateway: Option<Gateway>,
    /// The status list of the tester's own issuer.
    pub(crate) lists: Option<Lists>,
    /// The last security event of the tester's own issuer.
    pub(crate) event: Option<String>,
    /// The attacker, once a company trusts it.
    pub(crate) battle: Option<Battle>,
    /// The tokens with which the tester reads from each company's own API.
    readers: Pair<Option<Held>>,
}

impl Stage {
    /// Puts the scenario on the stand. The hook before each scenario does this.
    pub(crate) fn enter(&mut self, stand: Arc<Stand>) {
        // Whatever happened between two scenarios belongs to neither.
        drop(stand.journal.turn_page());
        self.began = Pair::new(|side| stand.log(side).end());
        self.stand = Some(stand);
    }

    /// The stand.
    #[expect(clippy::expect_used, reason = "the hook before each scenario puts it there")]
    pub(crate) fn stand(&self) -> Arc<Stand> {
        Arc::clone(self.stand.as_ref().expect("a scenario that runs has a stand"))
    }

    /// What has happened since the scenario began.
    pub(crate) fn evidence(&self) -> Evidence {
        let stand = self.stand();
        let logs = Pair::new(|side| stand.log(side).lines_since(self.began[side]));
        Evidence { entries: stand.journal.turn_page(), logs }
    }

    /// A token for reading from a company's own API, one for the whole scenario.
    pub(crate) async fn reader(&mut self, side: Side) -> Result<Held, Unmet> {
        if let Some(held) = &self.readers[side] {
            return Ok(held.clone());
        }
        let stand = self.stand();
        let request = TokenRequest::new(&stand, side, Client::Tester)?;
        let (answer, held) =
            request.resource(&stand.plan.parties[side].api.url).scope(scopes(side)[0]).send(&stand).await;
        let held = held.ok_or_else(|| Unmet::new("token request", "a token", format_args!("{:?}", answer.seen)))?;
        self.readers[side] = Some(held.clone());
        Ok(held)
    }

    /// The token in the client's hand.
    pub(crate) fn held(&self) -> Result<&Held, Unmet> {
        self.held.as_ref().ok_or_else(|| Unmet("no step before this one has given the client a token".to_owned()))
    }
}

/// Why a step fails: what was expected and what was found.
#[derive(Debug)]
pub(crate) struct Unmet(String);

/// What a step gives.
pub(crate) type Check = Result<(), Unmet>;

impl Unmet {
    /// The step expected one thing and found another.
    pub(crate) fn new(what: &str, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self(format!("{what}: expected {expected}, found {found}"))
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Unmet {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self(text)
    }
}

/// Demands that two values are equal.
pub(crate) fn expect_equal<T: PartialEq + fmt::Debug>(what: &str, expected: &T, found: &T) -> Check {
    if expected == found {
        Ok(())
    } else {
        Err(Unmet::new(what, format_args!("{expected:?}"), format_args!("{found:?}")))
    }
}
