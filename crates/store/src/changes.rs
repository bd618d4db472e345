//! What changed in the database, whoever changed it: this process, a replica, or a subcommand beside the company.

use crate::connect::{options, reading};
use crate::{Connection, Database, StoreError, WriteTransaction};
use sqlx::Connection as _;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often the database is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Something that processes keep a copy of in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The keys of the issuer and of the managed clients.
    Keys,
    /// How clients of the issuer stand: disabled, or with a cut-off behind which their tokens are revoked.
    Clients,
    /// The status lists of the own issuer: a bit was set, a list announced or forgotten.
    StatusLists,
    /// Messages that another process than the dispatcher's has written.
    Outbox,
    /// What partners' issuers have pushed.
    Notices,
}

impl Topic {
    const ALL: [Self; 5] = [Self::Keys, Self::Clients, Self::StatusLists, Self::Outbox, Self::Notices];

    /// Its name in the table `revisions`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Clients => "clients",
            Self::StatusLists => "status_lists",
            Self::Outbox => "outbox",
            Self::Notices => "notices",
        }
    }
}

impl Database {
    /// The revision of a topic, kept up to date: 0 at first, then what stands in the database, which grows with every
    /// change, whichever process makes it. A change is seen within 50 ms and the time of one query.
    ///
    /// The first call starts the one task that looks, on the current runtime; it ends with the database.
    pub fn watch(&self, topic: Topic) -> watch::Receiver<i64> {
        self.changes().subscribe(topic)
    }
}

impl WriteTransaction {
    /// Tells every process, once this write is kept, that a topic has changed.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn touch(&mut self, topic: Topic) -> Result<(), StoreError> {
        touch(self.connection(), topic).await
    }
}

/// Moves a topic on to its next revision.
pub(crate) async fn touch(connection: &mut Connection, topic: Topic) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO revisions (topic, revision) VALUES ($1, 1)
         ON CONFLICT (topic) DO UPDATE SET revision = revision + 1",
    )
    .bind(topic.name())
    .execute(connection)
    .await?;
    Ok(())
}

/// The revision of a topic as it stands in the database.
pub(crate) async fn revision(connection: &mut Connection, topic: Topic) -> Result<i64, StoreError> {
    let query = sqlx::query_scalar("SELECT revision FROM revisions WHERE topic = $1").bind(topic.name());
    Ok(query.fetch_optional(connection).await?.unwrap_or(0))
}

/// The one poller of a database.
pub(crate) struct Changes {
    path: PathBuf,
    revisions: HashMap<Topic, watch::Sender<i64>>,
    poller: OnceLock<AbortHandle>,
}

impl Changes {
    /// For this file. Nothing is looked at yet.
    pub(crate) fn of(path: PathBuf) -> Arc<Self> {
        let revisions = Topic::ALL.into_iter().map(|topic| (topic, watch::Sender::default())).collect();
        Arc::new(Self { path, revisions, poller: OnceLock::new() })
    }

    fn subscribe(self: &Arc<Self>, topic: Topic) -> watch::Receiver<i64> {
        self.poller.get_or_init(|| tokio::spawn(poll(Arc::downgrade(self), self.path.clone())).abort_handle());
        self.revisions.get(&topic).map_or_else(|| watch::channel(0).1, watch::Sender::subscribe)
    }

    /// Looks no more.
    pub(crate) fn stop(&self) {
        if let Some(poller) = self.poller.get() {
            poller.abort();
        }
    }

    /// A connection besides those of the pools, that waits for locks no longer than this.
    pub(crate) async fn connect(&self, patience: Duration) -> Result<Connection, StoreError> {
        Ok(Connection::connect_with(&options(&self.path).busy_timeout(patience)).await?)
    }

    async fn look(&self, connection: &mut Connection) -> Result<(), StoreError> {
        for (topic, watched) in &self.revisions {
            let found = revision(connection, *topic).await?;
            watched.send_if_modified(|known| std::mem::replace(known, found) != found);
        }
        Ok(())
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Looks for as long as somebody has the database open. A failure is logged once, and then again when it was over.
async fn poll(changes: Weak<Changes>, path: PathBuf) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watcher = Watcher { path, connection: None, seen: None };
    let mut failing = false;
    loop {
        tick.tick().await;
        let Some(changes) = changes.upgrade() else { return };
        let looked = watcher.look(&changes).await;
        if let Err(error) = &looked
            && !failing
        {
            tracing::error!(target: "bridge", event = "changes_unreadable", outcome = "error", detail = %error,
                "what other processes change in the database cannot be seen");
        }
        failing = looked.is_err();
    }
}

/// A connection of its own: `PRAGMA data_version` tells a connection about commits of all the others.
struct Watcher {
    path: PathBuf,
    connection: Option<Connection>,
    seen: Option<i64>,
}

impl Watcher {
    async fn look(&mut self, changes: &Changes) -> Result<(), StoreError> {
        let mut connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            self.seen = None;
            Connection::connect_with(&reading(&self.path)).await?
        };
        let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut connection).await?;
        if self.seen != Some(version) {
            changes.look(&mut connection).await?;
            self.seen = Some(version);
        }
        // Put back only when everything worked: after a failure the next look begins with a new connection.
        self.connection = Some(connection);
        Ok(())
    }
}
