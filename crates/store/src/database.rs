use crate::changes::Changes;
use crate::connect::{Pools, connect};
use crate::queue::{Admission, BusinessQueue, Turn};
use crate::{DatabaseUrl, Migration, OpenError, StoreError, from_micros, to_micros};
use bridge_types::Clock;
use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long the emptying of the write-ahead log waits for readers at a time, and how often it is tried.
const LOG_PATIENCE: Duration = Duration::from_millis(200);
const LOG_ATTEMPTS: usize = 5;

/// The kind of database behind the handle.
pub type Backend = sqlx::Sqlite;

/// What a statement runs on, be it for reading or inside a write.
pub type Connection = <Backend as sqlx::Database>::Connection;

/// The company's database. A handle: clones share its connections.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    pools: Pools,
    business: BusinessQueue,
    clock: Arc<dyn Clock>,
    outbox_changed: Notify,
    changes: Arc<Changes>,
}

impl Database {
    /// Opens the database, making the file (mode 0600) and bringing its tables up to date first.
    ///
    /// The application's migrations have versions from 1000 on; those below are the store's own.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do. Nothing was changed then.
    pub async fn open(url: &DatabaseUrl, application: &[Migration], clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let pools = connect(url.path(), application).await?;
        let (business, changes) = (BusinessQueue::default(), Changes::of(url.path().to_owned()));
        Ok(Self(Arc::new(Inner { pools, business, clock, outbox_changed: Notify::new(), changes })))
    }

    /// A connection for reading: it sees one committed state per statement and never waits for a writer.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when none becomes free within ten seconds.
    pub async fn read(&self) -> Result<ReadConnection, StoreError> {
        Ok(self.0.pools.readers.acquire().await?)
    }

    /// A connection for several statements that all see the same committed state.
    pub(crate) async fn begin_read(&self) -> Result<sqlx::Transaction<'static, Backend>, StoreError> {
        Ok(self.0.pools.readers.begin().await?)
    }

    /// Begins a write of the business. There is one at a time; the others wait in a queue of their own, of which only the
    /// first stands in line for the writer: whatever the business does, the issuer waits for one of its writes at most.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when it does not get its turn within ten seconds, [`StoreError::Failed`] when the database
    /// fails.
    pub async fn write(&self) -> Result<WriteTransaction, StoreError> {
        let turn = self.0.business.turn().await?;
        self.begin(Some(turn)).await
    }

    /// Begins a write of the issuer, which does not stand in the queue of the business.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the database fails, or does not get its turn within ten seconds.
    pub async fn write_first(&self) -> Result<WriteTransaction, StoreError> {
        self.begin(None).await
    }

    async fn begin(&self, turn: Option<Turn>) -> Result<WriteTransaction, StoreError> {
        let transaction = self.0.pools.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(WriteTransaction { transaction, database: self.clone(), outbox_changed: false, erased: false, _turn: turn })
    }

    /// A place among the writes that callers have asked for and not been answered yet.
    pub(crate) fn admit(&self) -> Result<Admission, StoreError> {
        self.0.business.admit()
    }

    /// The clock that stamps what is written.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Closes the connections, after the work under way, and folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.0.changes.stop();
        self.0.pools.readers.close().await;
        self.0.pools.writer.close().await;
    }

    /// What tells of changes.
    pub(crate) fn changes(&self) -> &Arc<Changes> {
        &self.0.changes
    }

    /// The writer, for a single statement that is a whole write. It does not queue behind the business.
    pub(crate) async fn writer(&self) -> Result<PoolConnection<Backend>, StoreError> {
        Ok(self.0.pools.writer.acquire().await?)
    }

    /// Moves the write-ahead log into the file and empties it, so that no erased bytes stay behind in it. Tells whether it
    /// could, because another process that is reading keeps it from being emptied.
    ///
    /// On a connection of its own that waits for readers but a moment, because nobody can write meanwhile.
    pub(crate) async fn forget_log(&self) -> Result<bool, StoreError> {
        let mut connection = self.0.changes.connect(LOG_PATIENCE).await?;
        for _ in 0..LOG_ATTEMPTS {
            let (busy, ..): (i64, i64, i64) =
                sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await?;
            if busy == 0 {
                return Ok(true);
            }
            tokio::time::sleep(LOG_PATIENCE).await;
        }
        Ok(false)
    }

    /// Resolves once the outbox has changed since the last call. One waiter at a time: the dispatcher.
    pub(crate) async fn outbox_changed(&self) {
        self.0.outbox_changed.notified().await;
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// A connection for reading only; SQLite refuses a write on it.
pub type ReadConnection = PoolConnection<Backend>;

/// A write: all of it is kept, durably, when [`commit`](Self::commit) returns `Ok`, and none of it otherwise.
///
/// Nothing but statements may be awaited while one is open, because every other write waits for it.
pub struct WriteTransaction {
    transaction: sqlx::Transaction<'static, Backend>,
    database: Database,
    outbox_changed: bool,
    erased: bool,
    /// Of the business. Given back last, when the connection is in the pool again.
    _turn: Option<Turn>,
}

impl WriteTransaction {
    /// What the statements of this write run on.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    /// Keeps the write. Its messages are delivered from now on.
    ///
    /// # Errors
    /// [`StoreError::Failed`]; nothing was kept then.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await?;
        if self.outbox_changed {
            self.database.0.outbox_changed.notify_one();
        }
        if self.erased {
            let reason = match self.database.forget_log().await {
                Ok(true) => return Ok(()),
                Ok(false) => "another process is reading all the time".to_owned(),
                Err(error) => error.to_string(),
            };
            tracing::error!(target: "bridge", event = "erasure_incomplete", outcome = "error", detail = reason,
                "what was erased may stand in the write-ahead log until it is next emptied");
        }
        Ok(())
    }

    /// This moment, as exact as a column keeps it: to the microsecond.
    pub fn now(&self) -> Timestamp {
        let now = self.database.0.clock.now();
        from_micros(to_micros(now)).unwrap_or(now)
    }

    /// Empties the write-ahead log once this write is kept, because something secret was erased.
    pub(crate) fn mark_erased(&mut self) {
        self.erased = true;
    }

    /// Wakes the dispatcher once this write is kept.
    pub(crate) fn mark_outbox_changed(&mut self) {
        self.outbox_changed = true;
    }
}

impl fmt::Debug for WriteTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteTransaction").finish_non_exhaustive()
    }
}
