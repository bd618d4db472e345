use crate::{Backend, Migration, OpenError, migrate};
use sqlx::Pool;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a process waits for the write lock of another one (a subcommand beside the running company).
const LOCK_WAIT: Duration = Duration::from_secs(5);
const READERS: u32 = 2;

/// The connections of one database.
#[derive(Debug)]
pub(crate) struct Pools {
    /// Exactly one connection: writes queue here, in memory, instead of failing on the lock of the file.
    pub(crate) writer: Pool<Backend>,
    pub(crate) readers: Pool<Backend>,
}

/// Makes the file if it is not there, brings its tables up to date and opens the connections.
pub(crate) async fn connect(path: &Path, application: &[Migration]) -> Result<Pools, OpenError> {
    private_file(path)?;
    let unusable = |reason| OpenError::unusable(path, reason);
    let writer = pool(1).connect_with(options(path)).await.map_err(unusable)?;
    let mut connection = writer.acquire().await.map_err(unusable)?;
    migrate::run(&mut connection, application, path).await?;
    drop(connection);
    let readers = pool(READERS).connect_lazy_with(reading(path));
    Ok(Pools { writer, readers })
}

/// For a connection that only looks.
pub(crate) fn reading(path: &Path) -> SqliteConnectOptions {
    options(path).pragma("query_only", "on")
}

/// The caches are small because a whole company has to fit in 40 MiB; what a company asks for often it keeps itself.
pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(LOCK_WAIT)
        .foreign_keys(true)
        .statement_cache_capacity(64)
        .pragma("cache_size", "-512")
        .pragma("journal_size_limit", "4194304")
        .pragma("secure_delete", "on")
        .pragma("temp_store", "memory")
        .pragma("trusted_schema", "off")
}

fn pool(connections: u32) -> PoolOptions<Backend> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Makes the file, if it is not there, so that only its owner may read it; SQLite gives the same mode to its log. A file
/// that is there is looked at but not opened: closing it here would drop the locks of other connections to it.
fn private_file(path: &Path) -> Result<(), OpenError> {
    let mut create = OpenOptions::new();
    create.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    match create.open(path) {
        Err(reason) if reason.kind() == ErrorKind::AlreadyExists => {
            refuse_exposed(path).and_then(|()| refuse_logs(path))
        }
        Err(reason) => Err(OpenError::File { path: path.to_owned(), reason }),
        Ok(_) => Ok(()),
    }
}

/// The log and its index hold what the file holds, and bring modes of their own when they were copied with it.
fn refuse_logs(path: &Path) -> Result<(), OpenError> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let there = ["-wal", "-shm"].map(beside).into_iter().filter(|log| log.exists());
    there.into_iter().try_for_each(|log| refuse_exposed(&log))
}

#[cfg(unix)]
fn refuse_exposed(path: &Path) -> Result<(), OpenError> {
    let metadata = std::fs::metadata(path).map_err(|reason| OpenError::File { path: path.to_owned(), reason })?;
    let found = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    let for_others = found & 0o077;
    if for_others == 0 { Ok(()) } else { Err(OpenError::Exposed { path: path.to_owned(), found }) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path) -> Result<(), OpenError> {
    Ok(())
}
