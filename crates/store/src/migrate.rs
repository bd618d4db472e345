use crate::{Backend, OpenError};
use sqlx::migrate::{MigrateError, MigrationType, Migrator};
use sqlx::{Connection, SqlSafeStr};
use std::path::Path;

/// Where the version numbers of an application's migrations begin; those below are the store's own.
const APPLICATION: i64 = 1000;

const OWN: &[Migration] = &[
    Migration {
        version: 1,
        name: "keys and assertions",
        sql: include_str!("../migrations/0001_keys_and_assertions.sql"),
    },
    Migration { version: 2, name: "idempotent writes", sql: include_str!("../migrations/0002_idempotent_writes.sql") },
    Migration { version: 3, name: "outbox and inbox", sql: include_str!("../migrations/0003_outbox_and_inbox.sql") },
    Migration { version: 4, name: "outbox recipients", sql: include_str!("../migrations/0004_outbox_recipients.sql") },
    Migration { version: 10, name: "revisions", sql: include_str!("../migrations/0010_revisions.sql") },
    Migration { version: 11, name: "life of keys", sql: include_str!("../migrations/0011_keys.sql") },
    Migration { version: 20, name: "token status", sql: include_str!("../migrations/0020_token_status.sql") },
    Migration {
        version: 30,
        name: "received revocations",
        sql: include_str!("../migrations/0030_received_revocations.sql"),
    },
    Migration { version: 40, name: "key sealing", sql: include_str!("../migrations/0040_key_sealing.sql") },
];

/// One step of the tables, forward only. Never edit one that was released: add the next.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its place in the order; an application's own begin at 1000.
    pub version: i64,
    /// What it brings, in a few words.
    pub name: &'static str,
    /// Its statements, from a file in the tree (`include_str!`).
    pub sql: &'static str,
}

/// Brings the tables up to date, in one transaction: a second process that starts meanwhile waits, a failure leaves
/// the file as it was.
pub(crate) async fn run(
    connection: &mut <Backend as sqlx::Database>::Connection,
    application: &[Migration],
    path: &Path,
) -> Result<(), OpenError> {
    let unusable = |reason| OpenError::unusable(path, reason);
    let migrator = migrator(application);
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unusable)?;
    migrator.run(&mut *transaction).await.map_err(|error| explain(error, &migrator, path))?;
    transaction.commit().await.map_err(unusable)
}

fn migrator(application: &[Migration]) -> Migrator {
    debug_assert!(application.iter().all(|migration| migration.version >= APPLICATION));
    let step = |migration: &Migration| {
        sqlx::migrate::Migration::new(
            migration.version,
            migration.name.into(),
            MigrationType::Simple,
            migration.sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(OWN.iter().chain(application).map(step).collect())
}

fn explain(error: MigrateError, migrator: &Migrator, path: &Path) -> OpenError {
    let path = path.to_owned();
    match error {
        MigrateError::VersionMissing(found) => {
            let same_range = |version: &i64| (*version < APPLICATION) == (found < APPLICATION);
            let known = migrator.iter().map(|migration| migration.version).filter(same_range).max();
            OpenError::Newer { path, expected: known.unwrap_or(0), found }
        }
        MigrateError::VersionMismatch(version) => OpenError::Foreign { path, version },
        MigrateError::Execute(reason) | MigrateError::ExecuteMigration(reason, _) => {
            OpenError::Unusable { path, reason }
        }
        other => OpenError::Unusable { path, reason: sqlx::Error::Migrate(Box::new(other)) },
    }
}
