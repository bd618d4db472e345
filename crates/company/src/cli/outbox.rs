use super::Invocation;
use super::failure::Failure;
use super::table::Table;
use crate::application::Application;
use crate::config::Configuration;
use bridge_store::{Backlog, Database, DeadLetter, MessageId};
use bridge_validator::TrustPolicy;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// What to do with dead letters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    /// Try them again, from the beginning.
    Retry,
    /// Forget them.
    Drop,
}

/// Shows what waits for each partner and which messages were given up.
pub(super) async fn list<A: Application>(invocation: &mut Invocation) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let mut listing = Listing { recipients: Vec::new(), dead_letters: Vec::new() };
    if let Some(database) = open::<A>(invocation, &configuration).await? {
        let backlog = database.backlog().await?;
        listing.recipients =
            backlog.into_iter().map(|backlog| Recipient::of(backlog, &configuration.policies)).collect();
        listing.dead_letters = database.dead_letters(u32::MAX).await?;
        database.close().await;
    }
    invocation.console.print(&listing)
}

/// Tries dead letters again, or forgets them. A company that serves notices within half a minute.
pub(super) async fn settle<A: Application>(
    invocation: &mut Invocation,
    verdict: Verdict,
    ids: &[MessageId],
) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let mut settled = Settled { done: Vec::new(), not_found: Vec::new() };
    match open::<A>(invocation, &configuration).await? {
        None => settled.not_found.extend_from_slice(ids),
        Some(database) => {
            for id in ids {
                let found = match verdict {
                    Verdict::Retry => database.revive_dead_letter(*id).await,
                    Verdict::Drop => database.drop_dead_letter(*id).await,
                };
                if found? { &mut settled.done } else { &mut settled.not_found }.push(*id);
            }
            database.close().await;
        }
    }
    invocation.console.print(&settled)?;
    if settled.not_found.is_empty() { Ok(()) } else { Err(Failure::Found) }
}

/// The database, unless the company has not made it yet: looking must not.
async fn open<A: Application>(
    invocation: &Invocation,
    configuration: &Configuration,
) -> Result<Option<Database>, Failure> {
    let url = &configuration.company.database.value;
    if !url.path().exists() {
        return Ok(None);
    }
    Ok(Some(Database::open(url, &A::migrations(), Arc::clone(&invocation.clock)).await?))
}

#[derive(Serialize)]
struct Listing {
    recipients: Vec<Recipient>,
    dead_letters: Vec<DeadLetter>,
}

/// What waits for one partner.
#[derive(Serialize)]
struct Recipient {
    /// The name of the partner's file; absent when no file names this issuer.
    partner: Option<String>,
    #[serde(flatten)]
    backlog: Backlog,
}

impl Recipient {
    fn of(backlog: Backlog, policies: &[TrustPolicy]) -> Self {
        let policy = policies.iter().find(|policy| policy.issuer.url().as_str() == backlog.recipient);
        Self { partner: policy.map(|policy| policy.partner.to_string()), backlog }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recipients = self.recipients.iter().map(|Recipient { partner, backlog }| {
            let oldest = backlog.oldest.map_or_else(String::new, |oldest| format!("{oldest:.0}"));
            let partner = partner.clone().unwrap_or_else(|| "(none)".to_owned());
            let [waiting, blocked, dead] = [backlog.waiting, backlog.blocked, backlog.dead].map(|n| n.to_string());
            [partner, backlog.recipient.clone(), waiting, blocked, dead, oldest]
        });
        Table::new(["PARTNER", "ISSUER", "WAITING", "BLOCKED", "DEAD", "OLDEST"], recipients).fmt(f)?;
        if self.dead_letters.is_empty() {
            return writeln!(f, "\nno dead letters");
        }
        f.write_str(
            "\nDead letters. Each holds back the later messages about the same thing until it is retried or dropped.\n",
        )?;
        let dead = self.dead_letters.iter().map(|dead| {
            let given_up = format!("{:.0}", dead.dead_at);
            let [attempts, blocks] = [u64::from(dead.attempts), dead.blocked].map(|n| n.to_string());
            let about = format!("{} {}", dead.topic, dead.aggregate);
            [dead.id.to_string(), about, dead.recipient.clone(), attempts, given_up, blocks, dead.failure.clone()]
        });
        Table::new(["ID", "ABOUT", "ISSUER", "ATTEMPTS", "GIVEN UP", "BLOCKS", "FAILURE"], dead).fmt(f)
    }
}

#[derive(Serialize)]
struct Settled {
    done: Vec<MessageId>,
    not_found: Vec<MessageId>,
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.done.iter().try_for_each(|id| writeln!(f, "{id}  done"))?;
        self.not_found.iter().try_for_each(|id| writeln!(f, "{id}  no dead letter of this id"))
    }
}
