use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Editors write a file in several steps; reading waits until nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(100);
/// A directory in which something happens all the time is still read this often.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Catches what the system does not report, such as changes on network file systems.
const POLL: Duration = Duration::from_secs(5);

/// Tells when files in the directories of a configuration have changed: `clients/`, `partners/` and others beside them,
/// in which certificates and keys may stand. Files beside `company.toml` are not looked at: the database may be one.
#[derive(Debug)]
pub(crate) struct Watch {
    directory: PathBuf,
    stamp: u64,
    event: Arc<Notify>,
    /// `None` when the system cannot watch; the poll remains then.
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Watches the directories inside a configuration directory. Directories are watched and not files, because an
    /// editor that renames a new file into place leaves a watched file behind.
    pub(crate) fn start(directory: &Path) -> Self {
        let event = Arc::new(Notify::new());
        let watcher = watcher(directory, &event);
        if let Err(error) = &watcher {
            tracing::warn!(target: "bridge", event = "watch_failed", detail = %error, "files are polled, not watched");
        }
        Self { directory: directory.to_owned(), stamp: 0, event, _watcher: watcher.ok() }
    }

    /// Resolves when a file has changed and the directories are quiet again; the first time at once, because files may have
    /// changed between their first reading and the start of the watch.
    pub(crate) async fn changed(&mut self) {
        loop {
            let stamp = stamp(&self.directory);
            if std::mem::replace(&mut self.stamp, stamp) != stamp {
                return;
            }
            if timeout(POLL, self.event.notified()).await.is_ok() {
                self.quiet().await;
            }
        }
    }

    async fn quiet(&self) {
        let quiet = async { while timeout(QUIET, self.event.notified()).await.is_ok() {} };
        tokio::select! {
            () = quiet => {}
            () = sleep(LONGEST_WAIT) => {}
        }
    }
}

fn watcher(directory: &Path, event: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let event = Arc::clone(event);
    let mut watcher = notify::recommended_watcher(move |_| event.notify_one())?;
    for directory in directories(directory) {
        watcher.watch(&directory, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// The directories directly inside a directory.
fn directories(directory: &Path) -> Vec<PathBuf> {
    entries(directory).into_iter().filter(|path| path.is_dir()).collect()
}

/// Differs when a file came, went, or was written.
fn stamp(directory: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in directories(directory).iter().flat_map(|directory| entries(directory)) {
        let metadata = std::fs::metadata(&file).ok();
        let written = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        (file, metadata.map(|metadata| metadata.len()), written).hash(&mut hasher);
    }
    hasher.finish()
}

/// What stands in a directory, in order. One that cannot be read is empty here; whoever reads its files complains.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = listing.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
