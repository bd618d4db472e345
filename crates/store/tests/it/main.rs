//! The store against real SQLite files.
#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod assertions;
mod changes;
mod custody;
mod dead_letters;
mod idempotency;
mod keys;
mod opening;
mod outbox;
mod queue;
mod recording;
mod status;

use bridge_store::{Database, DatabaseUrl, Migration, OpenError};
use bridge_testkit::ManualClock;
use bridge_types::Clock;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

const NOTES: Migration =
    Migration { version: 1000, name: "notes", sql: "CREATE TABLE notes (text TEXT NOT NULL) STRICT" };

/// A directory with one database file that outlives the handles to it.
struct Place {
    directory: TempDir,
    clock: Arc<ManualClock>,
}

impl Place {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), clock: Arc::default() }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("company.db")
    }

    fn url(&self) -> DatabaseUrl {
        "sqlite:company.db".parse::<DatabaseUrl>().unwrap().relative_to(self.directory.path())
    }

    async fn try_open(&self, migrations: &[Migration]) -> Result<Database, OpenError> {
        Database::open(&self.url(), migrations, self.clock.clone()).await
    }

    async fn open(&self) -> Database {
        self.try_open(&[NOTES]).await.unwrap()
    }

    async fn open_with(&self, clock: Arc<dyn Clock>) -> Database {
        Database::open(&self.url(), &[NOTES], clock).await.unwrap()
    }
}

async fn notes(database: &Database) -> Vec<String> {
    let mut connection = database.read().await.unwrap();
    sqlx::query_scalar("SELECT text FROM notes ORDER BY rowid").fetch_all(&mut *connection).await.unwrap()
}
