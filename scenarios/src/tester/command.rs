use super::http::{Answer, Body, Request};
use crate::record::log::LogLine;
use crate::side::Side;
use crate::stage::Unmet;
use crate::stand::Stand;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

/// Where a company tells its partner how it sees it.
const MIRROR: &str = "/bridge/mirror";

/// What a command of a company printed, and how it ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Printed {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// On standard output.
    pub(crate) output: String,
    /// On standard error.
    pub(crate) errors: String,
}

/// A call that an operator makes from the command line, as one of the company's own clients.
#[derive(Debug)]
pub(crate) struct CommandCall<'c> {
    /// The company.
    pub(crate) company: Side,
    /// The client.
    pub(crate) client: &'c str,
    /// What it asks, and whom.
    pub(crate) request: Request,
    /// More arguments.
    pub(crate) more: Vec<String>,
}

/// What `call --json` prints.
#[derive(Debug, Deserialize)]
struct Called {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Stand {
    /// Runs a command of a company on its configuration, beside the company that serves.
    pub(crate) async fn command(&self, side: Side, arguments: &[String]) -> Result<Printed, Unmet> {
        let mut command = self.company(side).await.command(arguments);
        let done = command.output().await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Printed { code: done.status.code(), output: text(&done.stdout), errors: text(&done.stderr) })
    }

    /// The fingerprints of the tokens that commands used, as the called companies tell.
    pub(crate) fn tokens_of_commands(&self) -> Vec<String> {
        let calls = self.journal.calls_with_unseen_tokens();
        let lines = Side::BOTH.into_iter().flat_map(|side| self.log(side).lines_since(0));
        let decisions = lines.filter(|line| line.event() == "decision");
        // `partners check` and `keys rotate` look into the partner's mirror, and print no correlation id.
        let is_theirs = |line: &LogLine| {
            line.text("path") == MIRROR || calls.iter().any(|call| call == line.text("correlation_id"))
        };
        let theirs = decisions.filter(is_theirs);
        theirs.map(|line| line.text("token").to_owned()).collect()
    }

    /// Makes a call from the command line. Gives the partner's answer, and what was printed.
    pub(crate) async fn call(&self, call: CommandCall<'_>) -> Result<(Answer, Printed), Unmet> {
        let begun = self.http.begin();
        let printed = self.command(call.company, &call.arguments()).await?;
        let unreadable =
            |error| Unmet::new("output of the command", "JSON", format_args!("{error}: {}", printed.errors));
        let called: Called = serde_json::from_str(&printed.output).map_err(unreadable)?;
        let answer = Answer::from(called);
        self.http.note(begun, call.request, &answer);
        self.journal.expect_token_of(&answer.seen.correlation_id);
        Ok((answer, printed))
    }
}

impl CommandCall<'_> {
    fn arguments(&self) -> Vec<String> {
        let Request { to, method, path, headers, body, .. } = &self.request;
        let mut arguments =
            ["call", "--json", "--client", self.client, "--partner", to.name()].map(str::to_owned).to_vec();
        for (name, value) in headers {
            arguments.extend(["--header".to_owned(), format!("{name}: {value}")]);
        }
        if let Body::Json(body) = body {
            arguments.extend(["--data".to_owned(), body.to_string()]);
        }
        arguments.extend(self.more.iter().cloned());
        arguments.extend([method.to_string(), path.clone()]);
        arguments
    }
}

impl From<Called> for Answer {
    fn from(called: Called) -> Self {
        let pairs = called
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?)));
        let headers: HeaderMap = pairs.collect();
        Answer::of(called.status, headers, called.body)
    }
}
